package skewless;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * What an expert writes by hand: all tiles of a user in one byte array, and a row out for each
 * event. The array is the numbers of minute and hour tiles, then 24 bytes a tile: slot and count
 * (int), sum and max (double).
 */
public class ExpertTiles extends KeyedProcessFunction<Integer, Tuple3<Integer, Long, Double>, Features> {
  private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle DOUBLE = MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int HEAD = 8;
  private static final int TILE = 24;
  private static final int MINUTES_KEPT = 62;
  private static final int HOURS_KEPT = 25;

  private transient ValueState<byte[]> state;
  private transient Features row;

  @Override
  public void open(OpenContext context) {
    state = getRuntimeContext().getState(
        new ValueStateDescriptor<>("tiles", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    row = new Features();
  }

  @Override
  public void processElement(Tuple3<Integer, Long, Double> click, Context context, Collector<Features> out)
      throws Exception {
    int minute = (int) (click.f1 / 60_000);
    int hour = minute / 60;
    byte[] tiles = withTiles(state.value(), minute, hour);
    int minutes = (int) INT.get(tiles, 0);
    int hours = (int) INT.get(tiles, 4);
    row.clear();
    row.user = click.f0;
    row.ts = click.f1;
    int at = HEAD;
    for (int i = 0; i < minutes; i++, at += TILE) {
      int slot = (int) INT.get(tiles, at);
      if (slot == minute) bump(tiles, at, click.f2);
      if (slot > minute || slot <= minute - 60) continue;
      int count = (int) INT.get(tiles, at + 4);
      double sum = (double) DOUBLE.get(tiles, at + 8);
      double max = (double) DOUBLE.get(tiles, at + 16);
      row.add(1, count, sum, max);
      if (slot > minute - 5) row.add(0, count, sum, max);
    }
    for (int i = 0; i < hours; i++, at += TILE) {
      int slot = (int) INT.get(tiles, at);
      if (slot == hour) bump(tiles, at, click.f2);
      if (slot > hour || slot <= hour - 24) continue;
      row.add(2, (int) INT.get(tiles, at + 4), (double) DOUBLE.get(tiles, at + 8), (double) DOUBLE.get(tiles, at + 16));
    }
    state.update(tiles);
    out.collect(row);
  }

  /** The array with a tile for this minute and this hour; a new one without dead tiles where one is missing. */
  private static byte[] withTiles(byte[] tiles, int minute, int hour) {
    int minutes = 0;
    int hours = 0;
    if (tiles != null) {
      minutes = (int) INT.get(tiles, 0);
      hours = (int) INT.get(tiles, 4);
    }
    boolean hasMinute = has(tiles, HEAD, minutes, minute);
    boolean hasHour = has(tiles, HEAD + minutes * TILE, hours, hour);
    if (hasMinute && hasHour) return tiles;
    byte[] fresh = new byte[HEAD + (minutes + hours + 2) * TILE];
    int end = copyLiving(tiles, HEAD, minutes, minute - MINUTES_KEPT, fresh, HEAD);
    if (!hasMinute) end = newTile(fresh, end, minute);
    INT.set(fresh, 0, (end - HEAD) / TILE);
    int hoursAt = end;
    end = copyLiving(tiles, HEAD + minutes * TILE, hours, hour - HOURS_KEPT, fresh, end);
    if (!hasHour) end = newTile(fresh, end, hour);
    INT.set(fresh, 4, (end - hoursAt) / TILE);
    return Arrays.copyOf(fresh, end);
  }

  private static boolean has(byte[] tiles, int at, int count, int slot) {
    for (int i = 0; i < count; i++) {
      if ((int) INT.get(tiles, at + i * TILE) == slot) return true;
    }
    return false;
  }

  private static int copyLiving(byte[] from, int at, int count, int dead, byte[] to, int end) {
    for (int i = 0; i < count; i++, at += TILE) {
      if ((int) INT.get(from, at) <= dead) continue;
      System.arraycopy(from, at, to, end, TILE);
      end += TILE;
    }
    return end;
  }

  private static int newTile(byte[] tiles, int at, int slot) {
    INT.set(tiles, at, slot);
    DOUBLE.set(tiles, at + 16, Double.NEGATIVE_INFINITY);
    return at + TILE;
  }

  private static void bump(byte[] tiles, int at, double price) {
    INT.set(tiles, at + 4, (int) INT.get(tiles, at + 4) + 1);
    DOUBLE.set(tiles, at + 8, (double) DOUBLE.get(tiles, at + 8) + price);
    if (price > (double) DOUBLE.get(tiles, at + 16)) DOUBLE.set(tiles, at + 16, price);
  }
}
