import { keepPreviousData, type QueryClient, useInfiniteQuery, useQuery } from "@tanstack/react-query";

import { api, bodyOf, type Schemas } from "@/lib/api/client";
import { freshToken } from "@/lib/api/session";
import { Problem } from "@/lib/problem";

export type FileInfo = Schemas["FileView"];
export type DocumentPage = Schemas["PageView"];
export type Member = Schemas["ArchiveEntry"];

const UNDER_WAY = ["archive.indexing", "archive.unpacking", "pages.rendering", "sheets.reading"];
const TEXT_BYTES = 128 << 10;
const MINUTES_MS = 300_000;
/** What is made when somebody first looks takes a moment. */
export const PATIENT = { retry: (count: number, error: Error) => error instanceof Problem && UNDER_WAY.includes(error.code) && count < 120, retryDelay: 1_000 };

export function useDerivatives(fileId: string) {
  return useQuery({
    queryKey: ["derivatives", fileId],
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/derivatives", { params: { path: { file_id: fileId } } })),
    staleTime: MINUTES_MS,
  });
}

/** Where words are written in a document; null asks nothing. */
export function usePageHits(fileId: string, words: string | null) {
  return useQuery({
    queryKey: ["page-hits", fileId, words],
    enabled: words !== null,
    queryFn: () => bodyOf(api.GET("/api/v1/files/{file_id}/pages/search", { params: { path: { file_id: fileId }, query: { q: words ?? "" } } })),
    staleTime: MINUTES_MS,
    ...PATIENT,
  });
}

/** An archive: a file, or (`inside`) one that is a member of it; with its password, where it has one. */
export type Place = { fileId: string; inside: string; password: string };

const passwordHeader = (password: string) => ({ "Archive-Password": encodeURIComponent(password) });
const placeParams = <Query>({ fileId, inside, password }: Place, query: Query) => ({ path: { file_id: fileId }, query: { ...query, inside }, header: passwordHeader(password) });

export function useArchive(place: Place, prefix: string) {
  return useInfiniteQuery({
    queryKey: ["archive", place, prefix],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(api.GET("/api/v1/files/{file_id}/archive", { params: placeParams(place, { prefix, limit: 200, ...(pageParam ? { cursor: pageParam } : {}) }) })),
    getNextPageParam: (page) => page.next_cursor ?? null,
    staleTime: MINUTES_MS,
    ...PATIENT,
  });
}

export function usePages(fileId: string) {
  return useInfiniteQuery({
    queryKey: ["pages", fileId],
    initialPageParam: 1,
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/files/{file_id}/pages", { params: { path: { file_id: fileId }, query: { first: pageParam } } })),
    getNextPageParam: (page) => page.next_first,
    staleTime: MINUTES_MS,
    ...PATIENT,
  });
}

/** The address of a member; one that has to be unpacked first is waited for. */
export const memberLink = (client: QueryClient, place: Place, path: string) =>
  client.fetchQuery({
    queryKey: ["member-link", place, path],
    queryFn: async () => (await bodyOf(api.GET("/api/v1/files/{file_id}/archive/link", { params: placeParams(place, { path }) }))).url,
    ...PATIENT,
  });

/** A line of a text: the byte it begins at, and how many are before it. */
export type Spot = { offset: number; line: number };

/** Pages of a text from a spot on, whose encoding is known by then; from its beginning without one. */
export function useText(fileId: string, from: (Spot & { encoding: string }) | null) {
  return useInfiniteQuery({
    queryKey: ["text", fileId, from?.offset ?? 0],
    initialPageParam: from && { offset: from.offset, encoding: from.encoding },
    queryFn: ({ pageParam }) => bodyOf(api.GET("/api/v1/files/{file_id}/text", { params: { path: { file_id: fileId }, query: { limit: TEXT_BYTES, ...pageParam } } })),
    getNextPageParam: (page) => (page.next_offset === null ? null : { offset: page.next_offset, encoding: page.encoding }),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: MINUTES_MS,
  });
}

/** Lines that have words in them, stretch by stretch of the file. */
export function useTextMatches(fileId: string, encoding: string, words: string) {
  return useInfiniteQuery({
    queryKey: ["text-matches", fileId, words],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) => bodyOf(api.GET("/api/v1/files/{file_id}/text/matches", { params: { path: { file_id: fileId }, query: { q: words, encoding, offset: pageParam } }, signal })),
    getNextPageParam: (part) => part.next_offset,
    retry: false,
    staleTime: MINUTES_MS,
  });
}

/** Bytes through the API, which answers with what they are called: for what is shown here and never run. */
export async function bytes(url: string, headers: Record<string, string> = {}): Promise<Blob> {
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${await freshToken()}`, ...headers } });
  if (!answer.ok) throw Problem.from(answer.status, await answer.json().catch(() => null));
  return answer.blob();
}

export function useHead(fileId: string, count: number) {
  return useQuery({
    queryKey: ["head", fileId],
    queryFn: async () => new Uint8Array(await (await bytes(`/api/v1/files/${fileId}/content?proxy=1`, { Range: `bytes=0-${count - 1}` })).arrayBuffer()),
    staleTime: MINUTES_MS,
  });
}

export function useMember({ fileId, inside, password }: Place, path: string) {
  return useQuery({
    queryKey: ["member", fileId, inside, password, path],
    queryFn: () => bytes(`/api/v1/files/${fileId}/archive/entry?${new URLSearchParams({ path, inside })}`, passwordHeader(password)),
    staleTime: MINUTES_MS,
    ...PATIENT,
  });
}
