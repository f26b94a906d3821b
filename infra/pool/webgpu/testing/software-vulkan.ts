// A GPU for tests on machines without one: SwiftShader, which Chromium brings (`apt-get install chromium` on
// Debian 12; Debian's own Mesa 22.3 is too old for Dawn).

import { existsSync } from "node:fs";

const FOLDER = "/usr/lib/chromium";

/** Variables under which Vulkan finds it; a string: why there is none. */
export function softwareVulkan(): Readonly<Record<string, string>> | string {
  for (const file of ["libvulkan.so.1", "vk_swiftshader_icd.json", "libvk_swiftshader.so"]) {
    if (!existsSync(`${FOLDER}/${file}`)) {
      return `no software Vulkan: ${FOLDER}/${file} is missing (apt-get install chromium)`;
    }
  }
  const driver = `${FOLDER}/vk_swiftshader_icd.json`;
  // Both names: loaders before 1.3.207 know only the first.
  return { LD_LIBRARY_PATH: FOLDER, VK_ICD_FILENAMES: driver, VK_DRIVER_FILES: driver };
}
