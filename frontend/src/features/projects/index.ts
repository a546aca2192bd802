export { AllProjects } from "./all-projects";
export { useProjects } from "./api";
export { ProjectGrid } from "./project-grid";
export { ProjectSettings } from "./project-settings";
export { SpaceByProject } from "./space-by-project";
