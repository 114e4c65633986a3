package skewless;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * ClicksJob expert|windows CLICKS EVENTS SECONDS FOLDER [REDIS]: reads EVENTS clicks, or as many as it
 * can in SECONDS, and prints what it took as one line of JSON. CLICKS is a file or
 * kafka://HOST:PORT/TOPIC. State on the heap, a checkpoint every ten seconds into FOLDER, objects
 * reused, one slot. The expert's rows go to REDIS (HOST:PORT) where it is given; else rows are discarded.
 */
public class ClicksJob {
  private static final AtomicLong READ = new AtomicLong();
  private static final AtomicLong DONE = new AtomicLong();

  /** Counts what passes. One slot: one instance of each. */
  public static class CountClicks implements MapFunction<Tuple3<Integer, Long, Double>, Tuple3<Integer, Long, Double>> {
    private long passed;

    @Override
    public Tuple3<Integer, Long, Double> map(Tuple3<Integer, Long, Double> click) {
      READ.lazySet(++passed);
      return click;
    }
  }

  /** Counts the rows of the expert's job: one an event. */
  public static class CountRows implements MapFunction<Features, Features> {
    private long passed;

    @Override
    public Features map(Features row) {
      DONE.lazySet(++passed);
      return row;
    }
  }

  private static double cpuSeconds() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
  }

  private static double now() {
    return System.nanoTime() / 1e9;
  }

  private static Configuration configuration(Path folder) {
    Configuration configuration = new Configuration();
    configuration.setString("state.backend.type", "hashmap");
    configuration.setString("execution.checkpointing.dir", folder.resolve("checkpoints").toUri().toString());
    configuration.setString("io.tmp.dirs", folder.resolve("tmp").toString());
    configuration.setString("taskmanager.numberOfTaskSlots", "1");
    configuration.setString("taskmanager.memory.network.min", "128mb");
    configuration.setString("taskmanager.memory.network.max", "128mb");
    return configuration;
  }

  private static List<DataStream<Features>> features(String design, DataStream<Tuple3<Integer, Long, Double>> clicks) {
    KeyedStream<Tuple3<Integer, Long, Double>, Integer> byUser = clicks.keyBy(click -> click.f0, Types.INT);
    if (design.equals("windows")) return OrdinaryWindows.of(byUser);
    return List.of(byUser.process(new ExpertTiles()).returns(TypeInformation.of(Features.class))
        .map(new CountRows()).returns(TypeInformation.of(Features.class)));
  }

  private static Source<Tuple3<Integer, Long, Double>, ?, ?> source(String clicks) {
    if (!clicks.startsWith("kafka://")) {
      return FileSource.forBulkFileFormat(
          new ClickLines(), new org.apache.flink.core.fs.Path(Path.of(clicks).toUri())).build();
    }
    URI topic = URI.create(clicks);
    return ClickMessages.of(topic.getAuthority(), topic.getPath().substring(1));
  }

  public static void main(String[] arguments) throws Exception {
    String design = arguments[0];
    long events = Long.parseLong(arguments[2]);
    double seconds = Double.parseDouble(arguments[3]);
    Path folder = Path.of(arguments[4]).toAbsolutePath();
    Files.createDirectories(folder.resolve("tmp"));
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, configuration(folder));
    environment.getConfig().enableObjectReuse();
    environment.enableCheckpointing(10_000);
    DataStream<Tuple3<Integer, Long, Double>> clicks = environment.fromSource(source(arguments[1]),
            WatermarkStrategy.<Tuple3<Integer, Long, Double>>forBoundedOutOfOrderness(Duration.ofSeconds(5))
                .withTimestampAssigner((click, time) -> click.f1), "clicks")
        .map(new CountClicks()).returns(Types.TUPLE(Types.INT, Types.LONG, Types.DOUBLE));
    boolean toRedis = arguments.length > 5;
    for (DataStream<Features> rows : features(design, clicks)) {
      if (!toRedis) rows.sinkTo(new DiscardingSink<>());
      else AsyncDataStream.unorderedWait(rows, new RedisRows(arguments[5]), 10, TimeUnit.SECONDS, RedisRows.IN_FLIGHT)
          .returns(Types.INT).sinkTo(new DiscardingSink<>());
    }

    // Windows hold their rows back, so there what was read is counted; back pressure keeps the two close.
    AtomicLong counted = design.equals("windows") ? READ : toRedis ? RedisRows.WRITTEN : DONE;
    JobClient job = environment.executeAsync(design);
    while (READ.get() == 0 && !job.getJobStatus().get().isTerminalState()) Thread.sleep(5);
    double start = now();
    double half = 0;
    double halfCpu = 0;
    long halfDone = 0;
    while (counted.get() < events && now() - start < seconds && !job.getJobStatus().get().isTerminalState()) {
      if (half == 0 && (counted.get() >= events / 2 || now() - start > seconds / 2)) {
        half = now();
        halfCpu = cpuSeconds();
        halfDone = counted.get();
      }
      Thread.sleep(10);
    }
    long done = counted.get();
    System.out.printf("{\"events\": %d, \"second_half\": {\"events\": %d, \"cpu_seconds\": %.3f, \"wall_seconds\": %.3f}, "
        + "\"cpu_seconds\": %.3f, \"wall_seconds\": %.3f}%n", done, done - halfDone, cpuSeconds() - halfCpu, now() - half,
        cpuSeconds(), now() - start);
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}
