// Drives tus-js-client, unmodified: node tus_js.mjs ENDPOINT TOKEN FILE OPTIONS-AS-JSON; prints the upload's URL.
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";

const { Upload } = createRequire(new URL("../../frontend/package.json", import.meta.url))("tus-js-client");
const [endpoint, token, path, options] = process.argv.slice(2);

const upload = new Upload(createReadStream(path), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  retryDelays: [200, 500, 1000, 3000],
  metadata: { filename: "from-tus-js.bin" },
  ...JSON.parse(options),
  onError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess: () => console.log(upload.url),
});
upload.start();
