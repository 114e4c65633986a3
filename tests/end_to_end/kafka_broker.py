"""A Kafka broker for tests: one process, started here on free ports, stopped by its own id; and what the tests ask of
it, through a client that isn't the program's."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic, OffsetSpec

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers"))
import servers  # noqa: E402


class Broker(servers.Broker):
    def __init__(self, *settings, secure=False):
        super().__init__(tempfile.mkdtemp(prefix="skewless-kafka-"), *settings)
        self.client = {"bootstrap.servers": self.address, "log_level": 0}
        if secure:
            self.secure()
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def secure(self):
        """TLS with a certificate of its own, and a password."""
        self.authority = os.path.join(self.folder, "cert.pem")
        key = os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", self.authority],
                       check=True, capture_output=True)
        both = os.path.join(self.folder, "both.pem")
        with open(both, "w") as out:
            for part in (key, self.authority):
                with open(part) as file:
                    out.write(file.read())
        self.settings += (
            f"listeners=SASL_SSL://{self.address},CONTROLLER://127.0.0.1:{self.controller_port}",
            f"advertised.listeners=SASL_SSL://{self.address}",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "inter.broker.listener.name=SASL_SSL", "sasl.mechanism.inter.broker.protocol=PLAIN",
            "sasl.enabled.mechanisms=PLAIN", "ssl.keystore.type=PEM", f"ssl.keystore.location={both}",
            "ssl.truststore.type=PEM", f"ssl.truststore.location={self.authority}",
            "listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule "
            'required username="admin" password="secret" user_admin="secret" user_features="word";')
        self.client |= {"security.protocol": "sasl_ssl", "sasl.mechanisms": "PLAIN", "sasl.username": "features",
                        "sasl.password": "word", "ssl.ca.location": self.authority}

    def ready(self):
        super().ready()
        self.admin = AdminClient(self.client)
        self.admin.list_topics(timeout=120)

    def close(self):
        super().close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- topics

    def create(self, topic, partitions=1, **config):
        settings = {key.replace("_", "."): value for key, value in config.items()}
        self.admin.create_topics([NewTopic(topic, partitions, 1, config=settings)])[topic].result(60)

    def delete(self, topic):
        self.admin.delete_topics([topic])[topic].result(60)

    def add_partitions(self, topic, total):
        """They are there for whoever asks from then on."""
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(60)
        deadline = time.monotonic() + 60
        while len(self.admin.list_topics(topic, timeout=60).topics[topic].partitions) < total:
            if time.monotonic() > deadline:
                raise AssertionError(f"{topic} has no {total} partitions")
            time.sleep(0.02)

    def delete_records(self, topic, partition, before):
        place = TopicPartition(topic, partition, before)
        self.admin.delete_records([place])[place].result(60)

    def producer(self):
        # One request at a time: with more the client takes for acknowledged what a new topic refused.
        return Producer({**self.client, "linger.ms": 5, "enable.idempotence": True, "max.in.flight": 1})

    def produce(self, topic, messages, producer=None):
        """Messages are (partition, value) or (partition, key, value) or (..., headers); all acknowledged on return. A
        producer of one's own saves the half second that each needs to begin; it doesn't outlive its topics."""
        producer = producer or self.producer()
        failed = []

        def delivered(error, _):
            if error is not None:
                failed.append(error)

        for partition, *rest in messages:
            key, value, headers = ([None, *rest] if len(rest) == 1 else rest)[:2] + [None] if len(rest) < 3 else rest
            while True:
                try:
                    producer.produce(topic, value, key, partition, on_delivery=delivered, headers=headers)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        producer.flush(60)
        if failed:
            raise AssertionError(f"not produced: {failed[0]}")

    def ends(self, topic, partitions):
        places = {TopicPartition(topic, number): OffsetSpec.latest() for number in range(partitions)}
        return [found.result(60).offset for found in self.admin.list_offsets(places).values()]

    def consume(self, topic, count, partition=0):
        """The first messages of a partition."""
        consumer = Consumer({**self.client, "group.id": "test", "enable.auto.commit": False})
        try:
            consumer.assign([TopicPartition(topic, partition, 0)])
            got = []
            deadline = time.monotonic() + 60
            while len(got) < count:
                message = consumer.poll(0.5)
                if message is not None and message.error() is None:
                    got.append(message)
                if time.monotonic() > deadline:
                    raise AssertionError(f"{len(got)} of {count} messages of {topic}")
            return got
        finally:
            consumer.close()

    def commit(self, group, topic, offsets):
        """As if a member of the group had, by partition."""
        places = [TopicPartition(topic, number, offset) for number, offset in enumerate(offsets)]
        self.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])[group].result(60)

    def committed(self, group, topic, partitions):
        """By partition, the offset that a group has committed, or -1001."""
        places = [TopicPartition(topic, number) for number in range(partitions)]
        asked = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, places)])
        return [place.offset for place in asked[group].result(60).topic_partitions]
