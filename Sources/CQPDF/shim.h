#include <qpdf/qpdf-c.h>

#include "confine.h"
#include "filter.h"
