"use client";

import { ArrowLeft, Film } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";

import { useFile } from "@/features/files";
import { Player } from "@/features/media";
import { formatAgo, formatBytes } from "@/lib/format";
import { t } from "@/lib/text";
import { Empty, Failed, Loading } from "@/ui/states";

export function WatchView() {
  const id = useSearchParams().get("file");
  if (!id) return <Empty icon={<Film className="size-10" />} title={t`No film chosen`} />;
  return <FilmPage id={id} />;
}

function FilmPage({ id }: { id: string }) {
  const file = useFile(id);
  if (file.isPending) return <Loading />;
  if (file.isError) return <Failed error={file.error} onRetry={() => void file.refetch()} />;
  const { name, project_id: project, folder_id: folder, size_bytes: size, created_at: added, preview } = file.data;
  return (
    <div className="mx-auto flex w-full max-w-5xl flex-col gap-4 p-4 md:p-8">
      <Link href={`/files/?project=${project}&folder=${folder}&file=${id}`} className="flex items-center gap-2 text-sm text-muted hover:text-text">
        <ArrowLeft className="size-4" aria-hidden /> {t`Back to the files`}
      </Link>
      <Player fileId={id} poster={preview.thumbnail_url ?? null} isSound={preview.kind === "audio"} />
      <div>
        <h1 className="text-lg font-semibold break-words">{name}</h1>
        <p className="text-sm text-muted">
          {t`${formatBytes(size)} · added ${formatAgo(added)}`}
        </p>
      </div>
    </div>
  );
}
