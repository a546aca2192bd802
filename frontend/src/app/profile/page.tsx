"use client";

import { LanguageChoice, ProfileForm, Sessions, Tokens } from "@/features/accounts";
import { useProjects } from "@/features/projects";
import { t } from "@/lib/text";
import { Page } from "@/ui/section";
import { Shell } from "../shell";

function Mine() {
  const projects = useProjects().data?.items ?? [];
  return (
    <Page title={t`Profile`}>
      <ProfileForm />
      <LanguageChoice />
      <Sessions />
      <Tokens projects={projects} />
    </Page>
  );
}

export default function ProfilePage() {
  return (
    <Shell>
      <Mine />
    </Shell>
  );
}
