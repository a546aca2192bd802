"use client";

import { LANGUAGE, t } from "@/lib/text";
import { Failed, Loading } from "@/ui/states";
import { type FileInfo, useHead } from "./api";

const HEAD = 1_024;
const WIDTH = 16;

/** The beginning of a file that is shown in no other way, as a hex dump. */
export function Bytes({ file }: { file: FileInfo }) {
  const head = useHead(file.id, HEAD);
  if (head.isPending) return <Loading />;
  if (head.isError) return <Failed error={head.error} onRetry={() => void head.refetch()} />;
  const lines = Array.from({ length: Math.ceil(head.data.length / WIDTH) }, (_, line) => head.data.slice(line * WIDTH, (line + 1) * WIDTH));
  return (
    <div data-scrolls tabIndex={0} role="region" aria-label={t`Bytes`} className="min-h-0 flex-1 overflow-auto p-4" data-testid="bytes">
      <p className="mb-3 text-sm text-muted">
        {t`${file.media_type ?? t`A file of an unknown kind`}: there is no way to show it. These are its first ${head.data.length.toLocaleString(LANGUAGE)} bytes.`}
      </p>
      <pre className="text-xs leading-5">
        {lines.map((line, index) => (
          <span key={index} className="block">
            <span className="text-muted">{(index * WIDTH).toString(16).padStart(6, "0")}</span> {Array.from(line, (byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(WIDTH * 3)}
            {Array.from(line, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("")}
          </span>
        ))}
      </pre>
    </div>
  );
}
