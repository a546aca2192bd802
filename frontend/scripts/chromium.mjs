// Unpacks the Chromium that @sparticuz/chromium carries and, where the system lacks them, the libraries that it needs.
// Prints {executable, libraries} as JSON. Used by the browser tests; nothing is downloaded.
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import chromium from "@sparticuz/chromium";

const executable = await chromium.executablePath();
const packed = join(import.meta.dirname, "..", "node_modules", "@sparticuz", "chromium", "bin", "al2023.tar.br");
const libraries = join(tmpdir(), "stowage-chromium-libraries.tar");
if (!existsSync(libraries)) await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(libraries));
console.log(JSON.stringify({ executable, libraries }));
