/** The Kafka whose broker runs in the tests. Its brokers need Java 17 or newer. */
export const KAFKA_VERSION = '4.3.1';

/** One file of the broker's class path. */
export interface Jar {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly sha256: string;
}

/**
 * What a broker of this version loads at run time, and no more: of Kafka's own dependencies there
 * are left out the codecs of compressed messages (except gzip, which Java has) and OAuth.
 */
export const KAFKA_JARS: readonly Jar[] = [
  {
    group: 'com.dynatrace.hash4j',
    artifact: 'hash4j',
    version: '0.22.0',
    sha256: '23028a3fd006e530bf495f551083208187cafd8f80624d048eba56442f16a50e',
  },
  {
    group: 'com.fasterxml.jackson.core',
    artifact: 'jackson-annotations',
    version: '2.21',
    sha256: '53ca085f4a150f703f49e1aabd935bd03b43e1ea3d55d135438292af22cef56b',
  },
  {
    group: 'com.fasterxml.jackson.core',
    artifact: 'jackson-core',
    version: '2.21.2',
    sha256: '12e8655b100267b44d0f14d01b1f5082a5105e616174dc4307be1a761e92407b',
  },
  {
    group: 'com.fasterxml.jackson.core',
    artifact: 'jackson-databind',
    version: '2.21.2',
    sha256: '8c982f01f148d805f0aaac2339011244757e0df7c6ff8951f2fa3f433b8ed849',
  },
  {
    group: 'com.fasterxml.jackson.dataformat',
    artifact: 'jackson-dataformat-yaml',
    version: '2.21.2',
    sha256: 'd25551812fa0c14f37cabaa9401e63eadcea42ce36311183af5622d5bc8a1bc7',
  },
  {
    group: 'com.github.ben-manes.caffeine',
    artifact: 'caffeine',
    version: '3.2.0',
    sha256: 'ec411dfdf0c03f25218648ce89861630b71680e5858a9a7278ebac8e55cab3d7',
  },
  {
    group: 'com.google.re2j',
    artifact: 're2j',
    version: '1.8',
    sha256: '7b52c72156dd7f98b3237a5b35c1d34fba381b21048c89208913ad80a45dfbd7',
  },
  {
    group: 'com.typesafe.scala-logging',
    artifact: 'scala-logging_2.13',
    version: '3.9.6',
    sha256: '0ad0c3f4d89d538b3b6c300158555e266aa69cf1b5f6522aba8b5bad238eb994',
  },
  {
    group: 'com.yammer.metrics',
    artifact: 'metrics-core',
    version: '2.2.0',
    sha256: '6b7a14a6f34c10f8683f7b5e2f39df0f07b58c7dff0e468ebbc713905c46979c',
  },
  {
    group: 'commons-validator',
    artifact: 'commons-validator',
    version: '1.10.1',
    sha256: 'ed74711a78d793ca37f6075e4a1e93d107233dfd20d0bb17e32bad88d38e56aa',
  },
  {
    group: 'net.sf.jopt-simple',
    artifact: 'jopt-simple',
    version: '5.0.4',
    sha256: 'df26cc58f235f477db07f753ba5a3ab243ebe5789d9f89ecf68dd62ea9a66c28',
  },
  {
    group: 'net.sourceforge.argparse4j',
    artifact: 'argparse4j',
    version: '0.7.0',
    sha256: '65ceb669d88f63306c680f8088bbf765bbca72d288a61a03703000076c3d3f56',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-clients',
    version: KAFKA_VERSION,
    sha256: '52501b7b47510c66f898871adaf6d2968ab7246561d44ced43643a8a587f0b36',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-coordinator-common',
    version: KAFKA_VERSION,
    sha256: '66a86b8c89718216ffa72fe4e44b9d1bdf3472e4cb9200c36a0742a25febbdba',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-group-coordinator',
    version: KAFKA_VERSION,
    sha256: '4ab56d002e1624185c874199e9e0ffb243dbeb9f68b4d0cadf48ce2f617a1126',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-group-coordinator-api',
    version: KAFKA_VERSION,
    sha256: 'd81bc1a3739ff6c9b21815baae00022306342a16d3d94e6a2621201b9980a30d',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-metadata',
    version: KAFKA_VERSION,
    sha256: '4d73a96c6474a4ebdd67a1cee14da1a94cfd6bb9e6e252685ba5667d8ab7f898',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-raft',
    version: KAFKA_VERSION,
    sha256: '46abbf89806dd22d848e997cdfb1431524cab4ec88e38a7d2806e20b24a70609',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-server',
    version: KAFKA_VERSION,
    sha256: '01d736599ec3b0cdbb0480c15219170b28cdae189785e7f0c6f1f26e528eaebc',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-server-common',
    version: KAFKA_VERSION,
    sha256: 'd7c719f749579a399011f0df7414de8a78f10f074a6122caa550fdb141351575',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-share-coordinator',
    version: KAFKA_VERSION,
    sha256: '8ceeed7346127e652ea5c650b217890aaff14919f967d27fadce420745bd3066',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-storage',
    version: KAFKA_VERSION,
    sha256: '97e3facddd2914a58f28ec91ef35f8da69963eab3651196e97f487924f6dac98',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-storage-api',
    version: KAFKA_VERSION,
    sha256: 'bc2b22639fa554494461d101d599e01bae840d97c4f46e18fdf3d2fe41a47098',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-tools-api',
    version: KAFKA_VERSION,
    sha256: 'dcf6785742e0c8ab11a0fc09c62f1192e11e997dc629669a8db82aa40d933c31',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka-transaction-coordinator',
    version: KAFKA_VERSION,
    sha256: 'c64aaa2a88d8fd382c4800204872917686e542043c7916c9e8797d939d8eb313',
  },
  {
    group: 'org.apache.kafka',
    artifact: 'kafka_2.13',
    version: KAFKA_VERSION,
    sha256: 'b098abef5ff878e76f60cd6c559b9baa5663ccb1b55f2837558b22c329d32423',
  },
  {
    group: 'org.apache.logging.log4j',
    artifact: 'log4j-api',
    version: '2.25.4',
    sha256: 'c4b642a7f047275215de117e0e3847eb2c7711d84a0aa7433e7b3c096daf341d',
  },
  {
    group: 'org.apache.logging.log4j',
    artifact: 'log4j-core',
    version: '2.25.4',
    sha256: '10fee2c0485d54fa44ee75d314f6295508f7b932281873db61a91b88073200e6',
  },
  {
    group: 'org.hdrhistogram',
    artifact: 'HdrHistogram',
    version: '2.2.2',
    sha256: '22d1d4316c4ec13a68b559e98c8256d69071593731da96136640f864fa14fad8',
  },
  {
    group: 'org.pcollections',
    artifact: 'pcollections',
    version: '4.0.2',
    sha256: '2bbeef5797a241300c4f7513cd546239629ed7deda4fc0c31df90bb95f5f13ef',
  },
  {
    group: 'org.scala-lang',
    artifact: 'scala-library',
    version: '2.13.18',
    sha256: '4e85d96ff7bc7dc627985523c3541b9917aaa08e956391380c42db21a2c4e5a0',
  },
  {
    group: 'org.slf4j',
    artifact: 'slf4j-api',
    version: '1.7.36',
    sha256: 'd3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0',
  },
  {
    group: 'org.slf4j',
    artifact: 'slf4j-simple',
    version: '1.7.36',
    sha256: '2f39bed943d624dfa8f4102d0571283a10870b6aa36f197a8a506f147010c10f',
  },
  {
    group: 'org.yaml',
    artifact: 'snakeyaml',
    version: '2.5',
    sha256: 'e6682acf1ace77508ef13649cbf4f8d09d2cf5457bdb61d25ffb6ac0233d78dd',
  },
];
