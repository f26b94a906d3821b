"""The replay of bench/replay.bench.ts on nautilus_trader: EMA cross 10/20 on the same bars.

nautilus_ema.py BARS.csv prints one JSON line: version, bars, orders, seconds, cpuSeconds. What is
timed is the engine's run, without loading the bars. A turn is one order of twice the quantity, as in Tapedeck.
"""

import csv
import json
import sys
import time
from decimal import Decimal

import nautilus_trader
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import TraderId, Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

QUANTITY = 100


class EmaCrossConfig(StrategyConfig, frozen=True):
    bar_type: BarType


class EmaCross(Strategy):
    def __init__(self, config: EmaCrossConfig) -> None:
        super().__init__(config)
        self.fast = ExponentialMovingAverage(10)
        self.slow = ExponentialMovingAverage(20)
        self.instrument_id = config.bar_type.instrument_id
        self.position = 0
        self.orders = 0

    def on_start(self) -> None:
        self.register_indicator_for_bars(self.config.bar_type, self.fast)
        self.register_indicator_for_bars(self.config.bar_type, self.slow)
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar: Bar) -> None:
        if not self.indicators_initialized() or self.fast.value == self.slow.value:
            return
        target = QUANTITY if self.fast.value > self.slow.value else -QUANTITY
        if target == self.position:
            return
        delta = target - self.position
        order = self.order_factory.market(
            instrument_id=self.instrument_id,
            order_side=OrderSide.BUY if delta > 0 else OrderSide.SELL,
            quantity=Quantity.from_int(abs(delta)),
        )
        self.submit_order(order)
        self.position = target
        self.orders += 1


def read_bars(path: str, bar_type: BarType) -> list[Bar]:
    bars = []
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            time_ns = int(row["end_us"]) * 1000
            prices = [Price.from_str(row[name]) for name in ("open", "high", "low", "close")]
            bars.append(Bar(bar_type, *prices, Quantity.from_str(row["volume"]), time_ns, time_ns))
    return bars


def main() -> None:
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-001"),
            logging=LoggingConfig(bypass_logging=True),
        )
    )
    venue = Venue("XNAS")
    engine.add_venue(
        venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(100_000_000, USD)],
        default_leverage=Decimal(1),
    )
    instrument = TestInstrumentProvider.equity(symbol="ACME", venue="XNAS")
    engine.add_instrument(instrument)
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    bars = read_bars(sys.argv[1], bar_type)
    engine.add_data(bars)
    strategy = EmaCross(EmaCrossConfig(bar_type=bar_type))
    engine.add_strategy(strategy)
    start, cpu_start = time.perf_counter(), time.process_time()
    engine.run()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    print(
        json.dumps(
            {
                "version": nautilus_trader.__version__,
                "bars": len(bars),
                "orders": engine.cache.orders_total_count(),
                "seconds": seconds,
                "cpuSeconds": cpu_seconds,
            }
        )
    )


main()
