#ifndef TENURE_CHIREDIS_SHIM_H
#define TENURE_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>

#endif
