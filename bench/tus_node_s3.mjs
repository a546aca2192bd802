// @tus/server with @tus/s3-store, as a peer on the store that Stowage runs on: prints its port. Arguments: endpoint, bucket.
import { createRequire } from "node:module";

const require = createRequire(new URL("../frontend/package.json", import.meta.url));
const { Server } = await import(require.resolve("@tus/server"));
const { S3Store } = await import(require.resolve("@tus/s3-store"));

const [endpoint, bucket] = process.argv.slice(2);
const datastore = new S3Store({
  partSize: 16 * 1024 * 1024,
  s3ClientConfig: {
    bucket,
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: process.env.PEER_ACCESS_KEY, secretAccessKey: process.env.PEER_SECRET_KEY },
  },
});
const server = new Server({ path: "/files", datastore });
const listening = server.listen({ host: "127.0.0.1", port: 0 }, () => console.log(listening.address().port));
