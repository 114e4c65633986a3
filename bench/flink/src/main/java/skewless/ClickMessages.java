package skewless;

import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Clicks from a Kafka topic, from its beginning, by the scanner of ClickLines; the client fetches in large pieces. */
public class ClickMessages implements KafkaRecordDeserializationSchema<Tuple3<Integer, Long, Double>> {
  private transient Tuple3<Integer, Long, Double> click;

  static KafkaSource<Tuple3<Integer, Long, Double>> of(String brokers, String topic) {
    Properties client = new Properties();
    client.setProperty("max.poll.records", "5000");
    client.setProperty("max.partition.fetch.bytes", "4194304");
    client.setProperty("fetch.max.bytes", "33554432");
    client.setProperty("receive.buffer.bytes", "1048576");
    client.setProperty("check.crcs", "false");
    return KafkaSource.<Tuple3<Integer, Long, Double>>builder().setBootstrapServers(brokers).setTopics(topic)
        .setGroupId("bench-" + System.nanoTime()).setStartingOffsets(OffsetsInitializer.earliest())
        .setProperties(client).setDeserializer(new ClickMessages()).build();
  }

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Tuple3<Integer, Long, Double>> out) {
    if (click == null) click = new Tuple3<>();
    ClickLines.scan(record.value(), 0, click);
    out.collect(click);
  }

  @Override
  public TypeInformation<Tuple3<Integer, Long, Double>> getProducedType() {
    return Types.TUPLE(Types.INT, Types.LONG, Types.DOUBLE);
  }
}
