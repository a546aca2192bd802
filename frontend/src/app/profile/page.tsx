"use client";

import { ProfileForm, Sessions, Tokens } from "@/features/accounts";
import { useProjects } from "@/features/projects";
import { Page } from "@/ui/section";
import { Shell } from "../shell";

function Mine() {
  const projects = useProjects().data?.items ?? [];
  return (
    <Page title="Profile">
      <ProfileForm />
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
