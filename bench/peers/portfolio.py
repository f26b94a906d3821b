"""The portfolios of docs/optimiser-peers.md by other libraries, on the same returns as bench/quant.bench.ts.

portfolio.py RETURNS.csv prints one JSON line a library and problem: version, seconds (median of 3, what a user calls:
building and solving), and the objective computed here from the weights it gave, so that all are measured alike.
RETURNS.csv has a header of names, then one line of simple returns a period; bench/peers/write-returns.ts writes it.
"""

import json
import statistics
import sys
import time
import warnings

import cvxpy
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
MASS = 0.05
RADIUS = 0.002
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3


def cvar(weights, returns):
    losses = np.sort(-(returns @ weights))[::-1]
    most = 1 / (MASS * len(losses))
    whole = int(np.floor(MASS * len(losses) + 1e-9))
    return most * losses[:whole].sum() + (1 - whole * most) * losses[min(whole, len(losses) - 1)]


def by_pyportfolioopt(frame):
    from pypfopt import EfficientCVaR

    model = EfficientCVaR(frame.mean(), frame, beta=1 - MASS)
    return np.array(list(model.min_cvar().values()))


def by_skfolio(frame):
    from skfolio import RiskMeasure
    from skfolio.optimization import MeanRisk

    model = MeanRisk(risk_measure=RiskMeasure.CVAR, cvar_beta=1 - MASS)
    return model.fit(frame).weights_


def by_riskfolio(frame):
    import riskfolio

    portfolio = riskfolio.Portfolio(returns=frame, alpha=MASS)
    portfolio.assets_stats(method_mu="hist", method_cov="hist")
    found = portfolio.optimization(model="Classic", rm="CVaR", obj="MinRisk", hist=True)
    return found["weights"].to_numpy()


def rockafellar(frame, norm, solver):
    returns = frame.to_numpy()
    count, assets = returns.shape
    weights, risk = cvxpy.Variable(assets), cvxpy.Variable()
    tail = cvxpy.sum(cvxpy.pos(-returns @ weights - risk)) / (MASS * count)
    objective = risk + tail + (norm * cvxpy.norm2(weights) if norm else 0)
    limits = [cvxpy.sum(weights) == 1, weights >= 0]
    cvxpy.Problem(cvxpy.Minimize(objective), limits).solve(solver=solver)
    return weights.value


def measure(library, version, solve, frame, norm=0.0):
    times, weights = [], None
    try:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            weights = np.asarray(solve(frame), dtype=float)
            times.append(time.perf_counter() - start)
    except Exception as error:  # a peer that cannot do it is a finding, not a crash
        print(json.dumps({"library": library, "version": version, "error": str(error)[:200]}))
        return
    found = cvar(weights, frame.to_numpy()) + norm * float(np.linalg.norm(weights))
    line = {
        "library": library,
        "version": version,
        "problem": "DRO-ES" if norm else "least CVaR",
        "assets": frame.shape[1],
        "scenarios": frame.shape[0],
        "seconds": statistics.median(times),
        "objective": found,
        "sum": float(weights.sum()),
        "least": float(weights.min()),
    }
    print(json.dumps(line), flush=True)


def main():
    frame = pd.read_csv(sys.argv[1])
    frame.index = pd.date_range("2000-01-01", periods=len(frame), freq="h")
    import pypfopt
    import riskfolio
    import skfolio

    clarabel, highs = cvxpy.CLARABEL, cvxpy.HIGHS
    measure("cvxpy + Clarabel", cvxpy.__version__, lambda f: rockafellar(f, 0, clarabel), frame)
    measure("cvxpy + HiGHS", cvxpy.__version__, lambda f: rockafellar(f, 0, highs), frame)
    measure("PyPortfolioOpt", pypfopt.__version__, by_pyportfolioopt, frame)
    measure("skfolio", skfolio.__version__, by_skfolio, frame)
    measure("Riskfolio-Lib", riskfolio.__version__, by_riskfolio, frame)
    robust = frame.iloc[:2048]
    measure(
        "cvxpy + Clarabel", cvxpy.__version__, lambda f: rockafellar(f, RADIUS, clarabel), robust, RADIUS
    )


main()
