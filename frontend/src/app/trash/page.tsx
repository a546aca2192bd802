"use client";

import { useSearchParams } from "next/navigation";
import { Suspense } from "react";

import { Trash } from "@/features/files";
import { useProjects } from "@/features/projects";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../shell";

function TrashOfProject() {
  const project = useSearchParams().get("project");
  const here = useProjects().data?.items.find((item) => item.id === project);
  return <Page title={here ? t`Trash of ${here.name}` : t`Trash`}>{project && <Trash projectId={project} canEdit={here?.permissions.includes("edit") ?? false} />}</Page>;
}

export default function TrashPage() {
  return (
    <Shell>
      <Suspense>
        <TrashOfProject />
      </Suspense>
    </Shell>
  );
}
