package skewless;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/** What the manual shows: a sliding window for each length, an aggregate function, a row as each window ends. */
public class OrdinaryWindows {
  private static final TypeInformation<Tuple3<Long, Double, Double>> PARTIAL =
      Types.TUPLE(Types.LONG, Types.DOUBLE, Types.DOUBLE);

  static List<DataStream<Features>> of(KeyedStream<Tuple3<Integer, Long, Double>, Integer> clicks) {
    Duration[] lengths = {Duration.ofMinutes(5), Duration.ofHours(1), Duration.ofHours(24)};
    Duration[] slides = {Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofHours(1)};
    List<DataStream<Features>> all = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      all.add(clicks.window(SlidingEventTimeWindows.of(lengths[i], slides[i]))
          .aggregate(new CountSumMax(), new Emit(i), PARTIAL, PARTIAL, TypeInformation.of(Features.class)));
    }
    return all;
  }

  /** Accumulates count, sum and max. */
  public static class CountSumMax implements
      AggregateFunction<Tuple3<Integer, Long, Double>, Tuple3<Long, Double, Double>, Tuple3<Long, Double, Double>> {
    @Override
    public Tuple3<Long, Double, Double> createAccumulator() {
      return Tuple3.of(0L, 0.0, Double.NEGATIVE_INFINITY);
    }

    @Override
    public Tuple3<Long, Double, Double> add(Tuple3<Integer, Long, Double> click, Tuple3<Long, Double, Double> sum) {
      sum.f0++;
      sum.f1 += click.f2;
      if (click.f2 > sum.f2) sum.f2 = click.f2;
      return sum;
    }

    @Override
    public Tuple3<Long, Double, Double> getResult(Tuple3<Long, Double, Double> sum) {
      return sum;
    }

    @Override
    public Tuple3<Long, Double, Double> merge(Tuple3<Long, Double, Double> a, Tuple3<Long, Double, Double> b) {
      a.f0 += b.f0;
      a.f1 += b.f1;
      a.f2 = Math.max(a.f2, b.f2);
      return a;
    }
  }

  /** A row for each window that ends. */
  public static class Emit extends ProcessWindowFunction<Tuple3<Long, Double, Double>, Features, Integer, TimeWindow> {
    private final int window;
    private transient Features row;

    Emit(int window) {
      this.window = window;
    }

    @Override
    public void open(OpenContext context) {
      row = new Features();
    }

    @Override
    public void process(Integer user, Context context, Iterable<Tuple3<Long, Double, Double>> sums,
        Collector<Features> out) {
      Tuple3<Long, Double, Double> sum = sums.iterator().next();
      row.user = user;
      row.ts = context.window().getEnd();
      row.window = window;
      row.count[0] = sum.f0;
      row.sum[0] = sum.f1;
      row.max[0] = sum.f2;
      out.collect(row);
    }
  }
}
