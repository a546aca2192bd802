// @tus/server with its file store, as a peer for the conformance suite: prints its port. Arguments: a folder.
import { createRequire } from "node:module";

const require = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { Server } = await import(require.resolve("@tus/server"));
const { FileStore } = await import(require.resolve("@tus/file-store"));

const server = new Server({ path: "/files", datastore: new FileStore({ directory: process.argv[2], expirationPeriodInMilliseconds: 86_400_000 }) });
const listening = server.listen({ host: "127.0.0.1", port: 0 }, () => console.log(listening.address().port));
