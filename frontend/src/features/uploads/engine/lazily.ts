import { type Events, reasonOf, type Transfer } from "./types";

/** A transfer whose code comes with its first start, so that pages are there without it. */
export function lazily(make: () => Promise<Transfer>, events: Events): Transfer {
  let made: Promise<Transfer> | null = null;
  let isStopped = false;
  return {
    start: () => {
      isStopped = false;
      made ??= make();
      made.then(
        (transfer) => {
          if (!isStopped) transfer.start();
        },
        () => {
          // The server is away, or has newer scripts than this page: the next start asks again.
          made = null;
          events.onFailed(reasonOf(undefined));
        },
      );
    },
    stop: () => {
      isStopped = true;
      void made?.then((transfer) => transfer.stop());
    },
    discard: async () => {
      isStopped = true;
      await made?.then((transfer) => transfer.discard());
    },
  };
}
