/* SPDX-License-Identifier: Apache-2.0 */
#include "mapfiles.h"

const char *mf_version(void)
{
    return MF_VERSION; /* of the CMake project */
}
