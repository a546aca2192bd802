import { type DetailedError, type HttpRequest, Upload } from "tus-js-client";

import type { Pace } from "./pace";
import { type Events, isRetryable, reasonOf, RETRY_DELAYS, type Target, type Transfer } from "./types";

export type TusJob = {
  file: File;
  target: Target;
  url: string | null;
  metadata: Record<string, string>;
  /** One request that creates and fills: for files that are not worth resuming. */
  isSmall: boolean;
  token: () => Promise<string | null>;
  chunkBytes: () => number;
  pace: Pace;
};

/** A file by the tus protocol, through the API. */
export function tusTransfer(job: TusJob, events: Events): Transfer {
  const folder = job.target.folderId ? `?folder=${job.target.folderId}` : "";
  // The same creation again, after a connection that broke before the answer, must not make a second file.
  const key = crypto.randomUUID();
  let isStopped = false;
  const upload = new Upload(job.file, {
    endpoint: `/api/v1/projects/${job.target.projectId}/tus${folder}`,
    ...(job.url ? { uploadUrl: job.url } : {}),
    chunkSize: job.pace.chunk(job.chunkBytes()),
    uploadDataDuringCreation: job.isSmall,
    storeFingerprintForResuming: false,
    retryDelays: RETRY_DELAYS,
    metadata: job.metadata,
    onBeforeRequest: async (request: HttpRequest) => {
      const method = request.getMethod();
      if (method === "POST") request.setHeader("Idempotency-Key", key);
      if (method === "PATCH" || (method === "POST" && job.isSmall)) {
        upload.options.chunkSize = job.pace.chunk(job.chunkBytes());
        await job.pace.wait(Math.min(job.file.size, upload.options.chunkSize));
        if (isStopped) throw new Error("Stopped while it waited for its turn.");
      }
      const token = await job.token();
      if (token) request.setHeader("Authorization", `Bearer ${token}`);
    },
    onShouldRetry: (error) => !isStopped && isRetryable((error as DetailedError).originalResponse?.getStatus() ?? 0),
    onProgress: (sent) => events.onProgress(sent),
    onUploadUrlAvailable: () => {
      if (upload.url) events.onUrl(new URL(upload.url, location.href).pathname);
    },
    onSuccess: () => events.onDone(),
    onError: (error) => events.onFailed(reasonOf((error as Partial<DetailedError>).originalResponse?.getBody())),
  });
  return {
    start: () => {
      isStopped = false;
      upload.start();
    },
    stop: () => {
      isStopped = true;
      void upload.abort();
    },
    discard: () => {
      isStopped = true;
      return upload.abort(true).catch(() => undefined);
    },
  };
}
