package skewless;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.connector.file.src.reader.BulkFormat;
import org.apache.flink.connector.file.src.util.CheckpointedPosition;
import org.apache.flink.connector.file.src.util.MutableRecordAndPosition;
import org.apache.flink.core.fs.FSDataInputStream;

/**
 * Clicks from a file of JSON lines, as user, event time and price: what the features need. It is the
 * fastest way we know to give Flink such a file: the reader's thread hands over blocks of whole
 * lines, and the source's task makes one reused record of each line with a scanner that knows what
 * clicks look like (flat objects, decimals without exponent, keys told by length and first letter).
 */
public class ClickLines implements BulkFormat<Tuple3<Integer, Long, Double>, FileSourceSplit> {
  private static final int BLOCK = 1 << 20;

  @Override
  public Reader createReader(Configuration configuration, FileSourceSplit split) throws IOException {
    return new Reader(split, 0);
  }

  @Override
  public Reader restoreReader(Configuration configuration, FileSourceSplit split) throws IOException {
    CheckpointedPosition position = split.getReaderPosition().orElseThrow();
    Reader reader = new Reader(split, position.getOffset());
    reader.skip = position.getRecordsAfterOffset();
    return reader;
  }

  @Override
  public boolean isSplittable() {
    return false;
  }

  @Override
  public TypeInformation<Tuple3<Integer, Long, Double>> getProducedType() {
    return Types.TUPLE(Types.INT, Types.LONG, Types.DOUBLE);
  }

  /** Reads blocks ahead of the task that scans them. */
  public static class Reader implements BulkFormat.Reader<Tuple3<Integer, Long, Double>> {
    private final FSDataInputStream in;
    private final ArrayBlockingQueue<Block> spare = new ArrayBlockingQueue<>(4);
    private long offset;
    private byte[] rest = new byte[0];
    long skip;

    Reader(FileSourceSplit split, long offset) throws IOException {
      in = split.path().getFileSystem().open(split.path());
      in.seek(offset);
      this.offset = offset;
      for (int i = 0; i < 4; i++) spare.add(new Block(spare));
    }

    @Override
    public BulkFormat.RecordIterator<Tuple3<Integer, Long, Double>> readBatch() throws IOException {
      Block block;
      try {
        block = spare.take();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        return null;
      }
      System.arraycopy(rest, 0, block.bytes, 0, rest.length);
      int filled = rest.length;
      while (filled < BLOCK) {
        int got = in.read(block.bytes, filled, BLOCK - filled);
        if (got < 0) break;
        filled += got;
      }
      int end = filled;
      while (end > 0 && block.bytes[end - 1] != '\n') end--;
      if (end == 0) {
        spare.add(block);
        return null;
      }
      rest = Arrays.copyOfRange(block.bytes, end, filled);
      block.begin(offset, end);
      offset += end;
      for (; skip > 0 && block.next() != null; skip--) {}
      return block;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  /** Whole lines, scanned one by one. */
  static class Block implements BulkFormat.RecordIterator<Tuple3<Integer, Long, Double>> {
    final byte[] bytes = new byte[BLOCK];
    private final ArrayBlockingQueue<Block> spare;
    private final MutableRecordAndPosition<Tuple3<Integer, Long, Double>> record = new MutableRecordAndPosition<>();
    private final Tuple3<Integer, Long, Double> click = new Tuple3<>();
    private int at;
    private int end;

    Block(ArrayBlockingQueue<Block> spare) {
      this.spare = spare;
    }

    void begin(long offset, int end) {
      at = 0;
      this.end = end;
      record.set(click, offset, 0);
    }

    @Override
    public MutableRecordAndPosition<Tuple3<Integer, Long, Double>> next() {
      if (at >= end) return null;
      at = scan(bytes, at, click);
      while (bytes[at++] != '\n') {}
      record.setNext(click);
      return record;
    }

    @Override
    public void releaseBatch() {
      spare.add(this);
    }
  }

  /** Returns where the object ends. */
  static int scan(byte[] b, int i, Tuple3<Integer, Long, Double> click) {
    int user = 0;
    double price = 0;
    long ts = 0;
    while (true) {
      while (b[i] != '"' && b[i] != '}') i++;
      if (b[i] == '}') break;
      int key = ++i;
      while (b[i] != '"') i++;
      int length = i++ - key;
      while (b[i] == ':' || b[i] == ' ') i++;
      if (b[i] == '"') {
        for (i++; b[i] != '"'; i++) {
          if (b[i] == '\\') i++;
        }
        i++;
        continue;
      }
      boolean negative = b[i] == '-';
      if (negative) i++;
      long whole = 0;
      for (; b[i] >= '0' && b[i] <= '9'; i++) whole = whole * 10 + (b[i] - '0');
      double number = whole;
      if (b[i] == '.') {
        long fraction = 0;
        long scale = 1;
        for (i++; b[i] >= '0' && b[i] <= '9'; i++) {
          fraction = fraction * 10 + (b[i] - '0');
          scale *= 10;
        }
        number += (double) fraction / scale;
      }
      if (length == 7 && b[key] == 'u') user = (int) (negative ? -whole : whole);
      else if (length == 5 && b[key] == 'p') price = negative ? -number : number;
      else if (length == 2 && b[key] == 't') ts = negative ? -whole : whole;
    }
    click.f0 = user;
    click.f1 = ts;
    click.f2 = price;
    return i;
  }
}
