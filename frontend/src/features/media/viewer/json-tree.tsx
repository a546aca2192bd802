"use client";

import { useMemo, useState } from "react";

import { LANGUAGE, t } from "@/lib/text";
import { Button } from "@/ui/button";
import type { FileInfo } from "./api";
import { readLabels, useSibling } from "./labels";
import { Picture } from "./picture";
import { Lines } from "./text";

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

const OPEN_TO = 2;
const SHOWN = 500;

function read(text: string): { value: Json } | null {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return null;
  }
}

/** JSON that opens level by level; what is no JSON after all is shown as text. Labels can be seen over their picture. */
export function JsonTree({ text, file }: { text: string; file: FileInfo }) {
  const found = useMemo(() => read(text), [text]);
  const labels = useMemo(() => readLabels(text), [text]);
  const picture = useSibling(file, labels ? (labels.imagePath.split(/[\\/]/).at(-1) ?? null) : null).data;
  const [isDrawn, setDrawn] = useState(false);
  if (!found) return <Lines text={text} isWhole onEnd={() => undefined} />;
  if (picture && isDrawn) return <Picture file={picture} />;
  return (
    <>
      {picture && (
        <Button onClick={() => setDrawn(true)} className="m-2 self-start">
          {t`Show over ${picture.name}`}
        </Button>
      )}
      <div data-scrolls tabIndex={0} role="region" aria-label={t`JSON`} className="min-h-0 flex-1 overflow-auto p-4 font-mono text-xs leading-5" data-testid="json">
        <Node name={null} value={found.value} depth={0} />
      </div>
    </>
  );
}

function Node({ name, value, depth }: { name: string | null; value: Json; depth: number }) {
  const label = name === null ? null : <span className="text-muted">{name}: </span>;
  if (value === null || typeof value !== "object") {
    return (
      <div className="pl-4 break-words">
        {label}
        <span className={typeof value === "string" ? "text-good" : "text-accent"}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const entries: [string, Json][] = Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value);
  return (
    <details open={depth < OPEN_TO} className="pl-4">
      <summary className="-ml-4 min-h-6 cursor-pointer rounded py-0.5">
        {label}
        {Array.isArray(value) ? `[${entries.length.toLocaleString(LANGUAGE)}]` : `{${entries.length.toLocaleString(LANGUAGE)}}`}
      </summary>
      {entries.slice(0, SHOWN).map(([key, item]) => (
        <Node key={key} name={key} value={item} depth={depth + 1} />
      ))}
      {entries.length > SHOWN && <p className="pl-4 text-muted">{t`and ${(entries.length - SHOWN).toLocaleString(LANGUAGE)} more: see them as plain text`}</p>}
    </details>
  );
}
