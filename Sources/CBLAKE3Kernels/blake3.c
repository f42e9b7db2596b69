#include "CBLAKE3Kernels.h"
