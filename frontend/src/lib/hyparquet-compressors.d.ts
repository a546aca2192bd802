// Modules of the package that it has no types for: each unpacks to a size in bytes that is known before.
type Unpack = (input: Uint8Array, size: number) => Uint8Array;

declare module "hyparquet-compressors/src/brotli.js" {
  export const decompressBrotli: Unpack;
}
declare module "hyparquet-compressors/src/lz4.js" {
  export const decompressLz4: Unpack;
  export const decompressLz4Raw: Unpack;
}
declare module "hyparquet-compressors/src/gzip.js" {
  export function gunzip(input: Uint8Array, target: Uint8Array): Uint8Array;
}
