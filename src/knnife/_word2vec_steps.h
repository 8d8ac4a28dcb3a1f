/* One step of training, in as wide vectors as a processor has. _word2vec.c includes this once for each set of
   instructions, with WIDTH, the floats of a vector; TARGET, the attribute that allows the instructions; NAME(...).

   x: rows of the neighbours; y: OUTPUTS rows of what may stand between them; dim: a multiple of WIDTH. Rows may be the
   same row twice. Everything that is loaded twice is loaded again, so that none of its changes is lost. */

#if WIDTH > 1
typedef float NAME(Lanes) __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
#else
typedef float NAME(Lanes);
#endif
#define LANES NAME(Lanes)
#define AT(row) (*(LANES *)(row))

/* Adds up lanes until as few are left as the plainest vector has. */
TARGET static inline Few NAME(fold)(LANES sums)
{
    union {
        LANES all;
        Few few[(WIDTH + FEW - 1) / FEW];
    } parts = {sums};
    for (int width = WIDTH / FEW / 2; width; width /= 2)
        for (int l = 0; l < width; l++)
            parts.few[l] += parts.few[l + width];
    return parts.few[0];
}

/* wrong[i][j] = right[i][j] - 1 / (1 + e^-(x[i] * y[j])); writes whole blocks of 16. x[n] must be a row if n is odd. */
TARGET static void NAME(compare)(float *const *x, size_t n, float *const *y, size_t dim, const float *right,
                                 float *wrong)
{
    Few parts[INPUTS * OUTPUTS];
    for (size_t i = 0; i < n; i += 2) {
        const float *a = x[i], *b = x[i + 1];
        LANES with_a[OUTPUTS], with_b[OUTPUTS];
        for (int j = 0; j < OUTPUTS; j++)
            with_a[j] = with_b[j] = (LANES){0};
        for (size_t k = 0; k < dim; k += WIDTH)
            for (int j = 0; j < OUTPUTS; j++) {
                const LANES output = AT(y[j] + k);
                with_a[j] += AT(a + k) * output;
                with_b[j] += AT(b + k) * output;
            }
        for (int j = 0; j < OUTPUTS; j++) {
            parts[i * OUTPUTS + j] = NAME(fold)(with_a[j]);
            parts[(i + 1) * OUTPUTS + j] = NAME(fold)(with_b[j]);
        }
    }
    for (size_t block = 0; block < n * OUTPUTS; block += 16)
        for (size_t p = block; p < block + 16; p++) {
            float score = 0;
            for (int l = 0; l < FEW; l++)
                score += ((const float *)parts)[p * FEW + l];
            wrong[p] = right[p] - 1 / (1 + exponential(-score));
        }
}

/* x[i] += errors[i] . y; y[j] += errors[.][j] . x, both with the other as it was. */
TARGET static void NAME(move)(float *const *x, size_t n, float *const *y, size_t dim, const float *errors)
{
    for (size_t k = 0; k < dim; k += WIDTH) {
        LANES before[OUTPUTS], change[OUTPUTS];
        for (int j = 0; j < OUTPUTS; j++)
            before[j] = AT(y[j] + k), change[j] = (LANES){0};
        for (size_t i = 0; i < n; i++) {
            const LANES input = AT(x[i] + k);
            const float *error = errors + i * OUTPUTS;
            LANES moved = input;
            for (int j = 0; j < OUTPUTS; j++) {
                moved += error[j] * before[j];
                change[j] += error[j] * input;
            }
            AT(x[i] + k) = moved;
        }
        for (int j = 0; j < OUTPUTS; j++)
            AT(y[j] + k) += change[j];
    }
}

/* to += by * row */
TARGET static void NAME(add)(float *to, const float *row, size_t dim, float by)
{
    for (size_t k = 0; k < dim; k += WIDTH)
        AT(to + k) += AT(row + k) * by;
}

#undef LANES
#undef AT
#undef WIDTH
#undef TARGET
#undef NAME
