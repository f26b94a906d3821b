// The peer: Kafka Streams copying one topic to another, exactly once (v2), one thread, no state,
// settings as they come. Prints one line of JSON: what it did between two counts of messages.
//
//   java -cp 'lib/*' StreamsCopy.java BROKERS FROM-TOPIC TO-TOPIC APPLICATION STATE-DIR FROM UNTIL

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

public class StreamsCopy {
  static long count = 0;
  static long startNanos = 0;
  static long startCpu = 0;

  public static void main(String[] args) throws Exception {
    long from = Long.parseLong(args[5]);
    long until = Long.parseLong(args[6]);
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, args[3]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, args[4]);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.ByteArray().getClass());
    settings.put("auto.offset.reset", "earliest");

    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    CountDownLatch done = new CountDownLatch(1);
    StreamsBuilder builder = new StreamsBuilder();
    builder.<byte[], byte[]>stream(args[1])
        .mapValues(
            value -> {
              count++;
              if (count == from) {
                startNanos = System.nanoTime();
                startCpu = system.getProcessCpuTime();
              } else if (count == until) {
                double seconds = (System.nanoTime() - startNanos) / 1e9;
                double cpuSeconds = (system.getProcessCpuTime() - startCpu) / 1e9;
                System.out.printf(
                    "{\"messages\":%d,\"seconds\":%.6f,\"cpuSeconds\":%.6f}%n",
                    until - from, seconds, cpuSeconds);
                done.countDown();
              }
              return value;
            })
        .to(args[2]);
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.start();
    done.await();
    streams.close(Duration.ofSeconds(20));
    System.exit(0);
  }
}
