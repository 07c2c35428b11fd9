// Sends half of a gRPC message to the port given, says so in a line, and waits to be killed.
import { connect } from 'node:http2';
import { TRACES_PATH } from '../../packages/server/src/receive/testing/grpc.ts';

const [port = ''] = process.argv.slice(2);
const session = connect(`http://127.0.0.1:${port}`);
const stream = session.request({
  ':method': 'POST',
  ':path': TRACES_PATH,
  'content-type': 'application/grpc',
  te: 'trailers',
  'user-agent': 'half',
});
const frame = Buffer.alloc(5 + 500);
frame.writeUInt32BE(1_000, 1);
stream.write(frame, () => {
  // The answer to a ping says that what was sent before has come.
  session.ping(() => process.stdout.write(`${JSON.stringify({ ready: true })}\n`));
});
