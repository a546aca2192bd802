export { useProjects } from "./api";
export { ProjectGrid } from "./project-grid";
