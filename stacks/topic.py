"""One Kafka topic with its JSON Schema."""

from dataclasses import dataclass
from datetime import timedelta

import pulumi
import pulumi_confluentcloud as confluent


@dataclass(frozen=True, kw_only=True)
class TopicArgs:
    """A topic, the schema of its values, and how long the broker keeps it."""

    topic: str
    schema: str
    """JSON Schema of the value, draft 7, with the platform's type annotations."""
    partitions: int
    retention: timedelta
    cluster_id: pulumi.Input[str]
    rest_endpoint: pulumi.Input[str]
    kafka: confluent.Provider
    registry: confluent.Provider
    protect: bool = False


class Topic(pulumi.ComponentResource):
    """
    One Kafka topic with its JSON Schema, owned by the stack; Flink infers the table from both.

    What is kept for years must stay readable: a schema is compatible with every earlier one, not only with the last.
    """

    name: pulumi.Output[str]

    def __init__(self, name: str, args: TopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        milliseconds = args.retention // timedelta(milliseconds=1)
        props = {"topic": args.topic, "partitions": args.partitions, "retentionMs": milliseconds}
        super().__init__("sentinel:stacks:Topic", name, props, opts)
        topic = confluent.KafkaTopic(
            f"{name}-topic",
            topic_name=args.topic,
            partitions_count=args.partitions,
            config={"cleanup.policy": "delete", "retention.ms": str(milliseconds)},
            kafka_cluster=confluent.KafkaTopicKafkaClusterArgs(id=args.cluster_id),
            rest_endpoint=args.rest_endpoint,
            # Fewer partitions would mean a new topic of the same name: made first, it is refused, and nothing is lost.
            opts=pulumi.ResourceOptions(parent=self, provider=args.kafka, protect=args.protect),
        )
        in_registry = pulumi.ResourceOptions(parent=self, provider=args.registry, protect=args.protect)
        schema = confluent.Schema(
            f"{name}-schema",
            subject_name=f"{args.topic}-value",
            format="JSON",
            schema=args.schema,
            opts=in_registry,
        )
        confluent.SubjectConfig(
            f"{name}-compatibility",
            subject_name=f"{args.topic}-value",
            compatibility_level="BACKWARD_TRANSITIVE",
            opts=pulumi.ResourceOptions.merge(in_registry, pulumi.ResourceOptions(depends_on=[schema])),
        )
        self.name = topic.topic_name
        self.register_outputs({"name": self.name})
