"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type AsyncBuffer, type Compressors, type FileMetaData, parquetMetadataAsync, parquetRead, parquetSchema } from "hyparquet";
import { decompressBrotli } from "hyparquet-compressors/src/brotli.js";
import { gunzip } from "hyparquet-compressors/src/gzip.js";
import { decompressLz4, decompressLz4Raw } from "hyparquet-compressors/src/lz4.js";
import { decompress as decompressZstd } from "fzstd";
import { useMemo } from "react";

import { LANGUAGE, t } from "@/lib/text";
import { Loading } from "@/ui/states";
import { bytes, type FileInfo } from "./api";
import { Bytes } from "./bytes";
import { Grid } from "./grid";

const ROWS_AT_ONCE = 500;
// One by one: the package as a whole starts WebAssembly, which this site does not allow. Snappy is in the reader itself.
const COMPRESSORS: Compressors = { GZIP: (input, size) => gunzip(input, new Uint8Array(size)), BROTLI: decompressBrotli, ZSTD: (input) => decompressZstd(input), LZ4: decompressLz4, LZ4_RAW: decompressLz4Raw };

type Opened = { source: AsyncBuffer; metadata: FileMetaData; heading: string[]; rows: number };

/** Read in this page by ranges: the footer first, then only the pages that hold the rows in sight. */
async function open(file: FileInfo): Promise<Opened> {
  const source: AsyncBuffer = {
    byteLength: file.size_bytes,
    slice: async (start, end = file.size_bytes) => (await bytes(`/api/v1/files/${file.id}/content?proxy=1`, { Range: `bytes=${start}-${end - 1}` })).arrayBuffer(),
  };
  const metadata = await parquetMetadataAsync(source);
  return { source, metadata, heading: parquetSchema(metadata).children.map((child) => child.element.name), rows: Number(metadata.num_rows) };
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Array.from(value.slice(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (typeof value === "object") return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? (Number.isSafeInteger(Number(inner)) ? Number(inner) : inner.toString()) : inner));
  return String(value as string | number | bigint | boolean);
}

/** A Parquet file as a table, however large. */
export function Parquet({ file }: { file: FileInfo }) {
  const opened = useQuery({ queryKey: ["parquet", file.id], queryFn: () => open(file), staleTime: Infinity, retry: false });
  if (opened.isPending) return <Loading />;
  if (opened.isError) return <Bytes file={file} />;
  return <Rows file={file} opened={opened.data} />;
}

function Rows({ file, opened }: { file: FileInfo; opened: Opened }) {
  const { source, metadata, heading, rows } = opened;
  const { data, isError, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["parquet", file.id, "rows"],
    initialPageParam: 0,
    queryFn: async ({ pageParam }) => {
      const found: string[][] = [];
      const keep = (chunk: unknown[][]) => found.push(...chunk.map((row) => row.map(textOf)));
      await parquetRead({ file: source, metadata, compressors: COMPRESSORS, rowStart: pageParam, rowEnd: Math.min(rows, pageParam + ROWS_AT_ONCE), rowFormat: "array", onComplete: keep });
      return found;
    },
    getNextPageParam: (_, pages) => (pages.length * ROWS_AT_ONCE < rows ? pages.length * ROWS_AT_ONCE : null),
    staleTime: Infinity,
    retry: false,
  });
  const body = useMemo(() => data?.pages.flat() ?? [], [data]);
  if (isError) return <Bytes file={file} />;
  return (
    <>
      <p className="border-b border-line px-4 py-1.5 text-xs text-muted">{t`Parquet · ${rows.toLocaleString(LANGUAGE)} rows, ${heading.length} columns`}</p>
      {data ? <Grid name={file.name} heading={heading} rows={body} isWhole={!hasNextPage} onEnd={() => !isFetchingNextPage && void fetchNextPage()} /> : <Loading />}
    </>
  );
}
