import type { QueryClient } from "@tanstack/react-query";

import { freshToken, onSession } from "./api/session";

const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 30_000;
const GATHER_MS = 300;

/** What is looked at anew for each kind of hint. */
const CONCERNS: Record<string, string[]> = {
  "files.stored": ["entries", "recent", "tree", "search", "me", "activity", "storage"],
  "files.changed": ["entries", "recent", "tree", "search", "trash", "file", "versions", "tags", "activity"],
  "files.previewed": ["entries", "recent", "file", "playback"],
  "files.progress": ["playback"],
  "files.purged": ["trash", "me", "versions", "storage"],
  "uploads.changed": ["uploads", "open-uploads", "me"],
  "jobs.changed": ["jobs", "system-jobs"],
  "projects.changed": ["projects", "project", "all-projects"],
  "projects.members_changed": ["projects", "project", "members", "notices"],
};

let isRunning = false;

/** One stream for the whole visit, over all its pages: what happens between two streams nobody would tell of. */
export function follow(client: QueryClient): void {
  if (isRunning) return;
  isRunning = true;
  void listen(client);
}

/** Hints of what changed, as server-sent events over fetch, since only that can carry a token. */
async function listen(client: QueryClient): Promise<void> {
  let wait = RETRY_MS;
  let hasHeard = false;
  const stale = gatherer(client);
  for (;;) {
    try {
      const token = await freshToken();
      if (!token) {
        await signedIn();
        continue;
      }
      const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
      // Whoever comes back may have missed something.
      if (hasHeard) headers["Last-Event-ID"] = "again";
      const answer = await fetch("/api/v1/events", { headers });
      if (answer.ok && answer.body) {
        wait = RETRY_MS;
        await read(answer.body, stale, () => {
          // What was asked before the stream was open may have changed before it was.
          if (!hasHeard) void client.invalidateQueries();
          hasHeard = true;
        });
      }
    } catch {
      // Away for a moment: pages go on asking by themselves, only less often.
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(LONGEST_RETRY_MS, wait * 2);
  }
}

function signedIn(): Promise<void> {
  return new Promise((resolve) => {
    const end = onSession((isSignedIn) => {
      if (!isSignedIn) return;
      end();
      resolve();
    });
  });
}

async function read(body: ReadableStream<Uint8Array>, onHint: (kind: string) => void, onOpen: () => void): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onOpen();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const kind = /^event: (.+)$/m.exec(block)?.[1];
      if (kind) onHint(kind);
    }
  }
}

/** Hints come in swarms: what they concern is looked at once for all of them. */
function gatherer(client: QueryClient): (kind: string) => void {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  return (kind) => {
    for (const key of kind === "resync" ? ["*"] : (CONCERNS[kind] ?? [])) waiting.add(key);
    timer ??= setTimeout(() => {
      timer = null;
      if (waiting.has("*")) void client.invalidateQueries();
      else for (const key of waiting) void client.invalidateQueries({ queryKey: [key] });
      waiting.clear();
    }, GATHER_MS);
  };
}
