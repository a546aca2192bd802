import { CloudUpload, Cog, Cpu, HardDrive, PieChart, ScrollText, Users } from "lucide-react";

import { t } from "@/lib/text";
import { PlaceLink } from "@/ui/place-link";

const FOR_ADMINS = [
  { href: "/admin/people/", label: t`People`, icon: Users, owns: ["/admin/people/"] },
  { href: "/admin/projects/", label: t`All projects`, icon: HardDrive, owns: ["/admin/projects/"] },
  { href: "/admin/uploads/", label: t`Open uploads`, icon: CloudUpload, owns: ["/admin/uploads/"] },
  { href: "/admin/storage/", label: t`Storage`, icon: PieChart, owns: ["/admin/storage/"] },
  { href: "/admin/jobs/", label: t`Jobs`, icon: Cog, owns: ["/admin/jobs/"] },
  { href: "/admin/gpus/", label: t`GPUs`, icon: Cpu, owns: ["/admin/gpus/"] },
  { href: "/admin/audit/", label: t`Access log`, icon: ScrollText, owns: ["/admin/audit/"] },
];

/** Pages that only administrators have. */
export function AdminLinks({ path }: { path: string }) {
  return FOR_ADMINS.map((place) => <PlaceLink key={place.href} {...place} path={path} />);
}
