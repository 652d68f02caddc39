#include <zint.h>

// encoded_data is an array of arrays, which Swift sees as a tuple of 28,800 members; this is a row of it as a pointer.
static inline const unsigned char *uocava_zint_row(const struct zint_symbol *symbol, int row) { return symbol->encoded_data[row]; }
