package skewless;

import java.util.Arrays;

/** A user's twelve features at a time: count, sum and max of three windows; avg is sum / count. */
public class Features {
  public int user;
  public long ts;
  public int window = -1; // where a row is of one window only
  public long[] count = new long[3];
  public double[] sum = new double[3];
  public double[] max = new double[3];

  void clear() {
    Arrays.fill(count, 0);
    Arrays.fill(sum, 0);
    Arrays.fill(max, Double.NEGATIVE_INFINITY);
  }

  void add(int at, long c, double s, double m) {
    count[at] += c;
    sum[at] += s;
    if (m > max[at]) max[at] = m;
  }
}
