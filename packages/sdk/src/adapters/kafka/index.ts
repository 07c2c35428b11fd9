export {
  createKafkaHeadersWithTrace,
  extractTraceFromKafkaHeaders,
  type KafkaHeaders,
  type KafkaHeaderType,
} from './carrier.ts';
export {
  consumeKafkaBatch,
  consumeKafkaMessage,
  type KafkaBatchOptions,
  type KafkaConsumerOptions,
  type KafkaMessage,
  startKafkaConsumer,
} from './consumer.ts';
export {
  type KafkaJsConsumer,
  type KafkaJsConsumerOptions,
  type KafkaJsProducer,
  type MessageProcessing,
  type TracedKafkaJsConsumer,
  traceKafkaJsConsumer,
  traceKafkaJsProducer,
} from './kafkajs.ts';
export {
  type PlatformaticProducer,
  type PlatformaticProducerOptions,
  tracePlatformaticProducer,
} from './platformatic.ts';
export {
  type KafkaOutgoingMessage,
  type KafkaProducerOptions,
  startKafkaProducer,
} from './producer.ts';
