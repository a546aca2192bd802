"use client";

import { useSearchParams } from "next/navigation";
import { Suspense } from "react";

import { useMe } from "@/features/accounts";
import { ProjectSettings } from "@/features/projects";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Loading } from "@/ui/states";
import { Shell } from "../../shell";

function Settings() {
  const id = useSearchParams().get("project");
  const me = useMe().data;
  return <Page title={t`Project settings`}>{id && me ? <ProjectSettings id={id} me={me.id} /> : <Loading />}</Page>;
}

export default function ProjectSettingsPage() {
  return (
    <Shell>
      <Suspense>
        <Settings />
      </Suspense>
    </Shell>
  );
}
