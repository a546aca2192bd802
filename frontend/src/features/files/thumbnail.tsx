import { Archive, File, FileText, Film, Folder, Image as Picture, Music } from "lucide-react";

import type { Schemas } from "@/lib/api/client";

function iconFor(type: string | null | undefined, kind: string | undefined) {
  if (kind === "video") return Film;
  if (kind === "audio") return Music;
  if (kind === "image") return Picture;
  if (type?.startsWith("text/")) return FileText;
  if (type && /zip|tar|rar|7z|gzip/.test(type)) return Archive;
  return File;
}

type Props = { kind: "folder" | "file"; preview: Schemas["Preview"] | null | undefined; mediaType: string | null | undefined; className?: string };

/** A picture of the file where there is one, else an icon of its kind. */
export function Thumbnail({ kind, preview, mediaType, className = "size-10" }: Props) {
  const Icon = kind === "folder" ? Folder : iconFor(mediaType, preview?.kind);
  return (
    <div className={`flex shrink-0 items-center justify-center overflow-hidden rounded-md bg-sunken ${className}`}>
      {preview?.thumbnail_url ? (
        // eslint-disable-next-line @next/next/no-img-element -- presigned URLs of any host; there is no image server in an export
        <img src={preview.thumbnail_url} alt="" loading="lazy" decoding="async" className="size-full object-cover" />
      ) : (
        <Icon className={`size-1/2 ${kind === "folder" ? "text-accent" : "text-muted"}`} aria-hidden />
      )}
    </div>
  );
}
