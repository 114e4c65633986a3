package skewless;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;

/** A SET for each row, up to a thousand in flight: the finished features, 8 + 3 * 32 bytes. */
public class RedisRows extends RichAsyncFunction<Features, Integer> {
  static final int IN_FLIGHT = 1000;
  static final AtomicLong WRITTEN = new AtomicLong();
  private final String address;
  private transient RedisClient client;
  private transient StatefulRedisConnection<byte[], byte[]> connection;
  private transient RedisAsyncCommands<byte[], byte[]> commands;

  RedisRows(String address) {
    this.address = address;
  }

  @Override
  public void open(OpenContext context) {
    client = RedisClient.create("redis://" + address);
    connection = client.connect(ByteArrayCodec.INSTANCE);
    commands = connection.async();
  }

  @Override
  public void asyncInvoke(Features row, ResultFuture<Integer> future) {
    byte[] key = ("u:" + row.user).getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer value = ByteBuffer.allocate(8 + 3 * 32).putLong(row.ts);
    for (int i = 0; i < 3; i++) {
      double average = row.count[i] == 0 ? 0 : row.sum[i] / row.count[i];
      value.putLong(row.count[i]).putDouble(row.sum[i]).putDouble(row.max[i]).putDouble(average);
    }
    int user = row.user;
    commands.set(key, value.array()).whenComplete((done, trouble) -> {
      if (trouble != null) {
        future.completeExceptionally(trouble);
        return;
      }
      WRITTEN.incrementAndGet();
      future.complete(Collections.singleton(user));
    });
  }

  @Override
  public void close() {
    if (connection != null) connection.close();
    if (client != null) client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
  }
}
