/* The network, written once. _minilm.c includes this once for each set of instructions, behind a header that says what
   16 floats and 16 whole numbers are there, and how rows of bytes are multiplied. Everything here that adds up floats
   does so in one order, whatever the instructions: that is all it takes for the same bits. */

/* ------------------------------------------------------------------------------------------------ single rows */

/* The sum of all of n * 16 floats, which are written over: halves onto each other while that goes. */
INLINE float tree(floats *v, size_t n)
{
    while (n % 2 == 0) {
        n /= 2;
        for (size_t i = 0; i < n; i++)
            v[i] = add(v[i], v[i + n]);
    }
    for (size_t i = 1; i < n; i++)
        v[0] = add(v[0], v[i]);
    return sum_of(v[0]);
}

/* A row gets mean 0 and variance 1, and is then stretched and moved as learned. */
STEP void norm_row(float *x, size_t width, const Norm *learned)
{
    floats v[MOST_INPUTS / LANES];
    const size_t n = width / LANES;
    for (size_t i = 0; i < n; i++)
        v[i] = load(x + LANES * i);
    const floats mean = all(tree(v, n) / (float)width);
    for (size_t i = 0; i < n; i++) {
        const floats from_mean = sub(load(x + LANES * i), mean);
        store(x + LANES * i, from_mean);
        v[i] = mul(from_mean, from_mean);
    }
    const floats by = all(1.0f / sqrtf(tree(v, n) / (float)width + 1e-12f));
    for (size_t i = 0; i < n; i++) {
        const floats scaled = mul(mul(load(x + LANES * i), by), load(learned->stretch + LANES * i));
        store(x + LANES * i, add(scaled, load(learned->shift + LANES * i)));
    }
}

/* The largest magnitude among n * 16 floats. */
INLINE float largest(const float *x, size_t n)
{
    floats most = all(0.0f), also = most;
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        most = larger(most, magnitude(load(x + LANES * i)));
        also = larger(also, magnitude(load(x + LANES * i + LANES)));
    }
    return largest_of(larger(most, also));
}

/* A row in bytes: its largest component is 127 of the steps. Gives the largest, by which a product has to be multiplied. */
STEP float bytes_of(const float *x, size_t width, uint8_t *to)
{
    const float most = largest(x, width / LANES);
    const floats by = all(steps(most, 127));
    for (size_t i = 0; i < width; i += LANES)
        store_bytes(to + i, rounded(mul(load(x + i), by)));
    return most;
}

/* About x times the share of the normal distribution below x: off by 2e-4 at most. */
INLINE floats gelu(floats x)
{
    const floats y = smaller(larger(x, all(-4.0f)), all(4.0f)), square = mul(y, y);
    floats series = add(mul(square, all(2.235763930e-08f)), all(-1.577128501e-06f));
    series = add(mul(series, square), all(4.753387475e-05f));
    series = add(mul(series, square), all(-8.099869592e-04f));
    series = add(mul(series, square), all(8.753190748e-03f));
    series = add(mul(series, square), all(-6.453176588e-02f));
    series = add(mul(series, square), all(3.978543878e-01f));
    return mul(x, add(mul(series, y), all(0.5f)));
}

/* 2,047 * 2^x for x up to 0, in whole numbers. What is added to 1.5 * 2^23 loses its fraction; the bits of the sum end in
   the whole part, which becomes the exponent. */
INLINE ints power(floats x)
{
    x = larger(x, all(-30.0f));
    const floats whole = add(x, all(12582912.0f));
    x = sub(x, sub(whole, all(12582912.0f)));
    floats series = add(mul(x, all(112.9358902f)), all(496.6250610f));
    series = add(mul(series, x), all(1419.105347f));
    series = add(mul(series, x), all(2046.852783f));
    return rounded(as_floats(add_ints(as_ints(series), shifted(as_ints(whole), 23))));
}

/* --------------------------------------------------------------------------------------------------- products */

/* What becomes of a product: it is written; its GELU is written; it is added to what stands there. */
enum NAME(Use) { NAME(WRITE), NAME(WRITE_GELU), NAME(ADD) };

/* `n` rows of bytes (even; what lies behind the last may be anything) times the 32 columns from `column` on. */
INLINE void panel(const int use, const Product *p, size_t column, const uint8_t *a, const float *largest_of_row, size_t n,
                  float *out, size_t stride)
{
    ALIGNED(int32_t sums[TILE * HEAD]);
    const float *scale = p->scale + column, *bias = p->bias + column;
    for (size_t m; n; n -= m, a += m * p->inputs, largest_of_row += m, out += m * stride) {
        m = n < TILE ? n : TILE;
        multiply_bytes(m, a, p->inputs, p->matrix + column * p->inputs, p->start + column, sums);
        for (size_t j = 0; j < HEAD; j += LANES) {
            const floats s = load(scale + j), b = load(bias + j);
            for (size_t r = 0; r < m; r++) {
                floats y = mul(to_floats(load_ints(sums + HEAD * r + j)), s);
                y = add(mul(y, all(largest_of_row[r])), b);
                if (use == NAME(WRITE_GELU))
                    y = gelu(y);
                if (use == NAME(ADD))
                    y = add(load(out + r * stride + j), y);
                store(out + r * stride + j, y);
            }
        }
    }
}

#define PANEL(FUNCTION, USE)                                                                                            \
    STEP void FUNCTION(const Product *p, size_t column, const uint8_t *a, const float *largest_of_row, size_t n,        \
                       float *out, size_t stride)                                                                       \
    {                                                                                                                   \
        panel(USE, p, column, a, largest_of_row, n, out, stride);                                                       \
    }
PANEL(write_panel, NAME(WRITE))
PANEL(gelu_panel, NAME(WRITE_GELU))
PANEL(add_panel, NAME(ADD))
#undef PANEL

/* -------------------------------------------------------------------------------------------------- attention */

/* Queries, keys and values (n, 32) of one head of one text, in whole numbers, as their products take them. */
STEP void lay_out(const Room *r, size_t first, size_t n, const float *by)
{
    const float *q = r->q + first * HEAD, *k = r->k + first * HEAD, *v = r->v + first * HEAD;
    const floats q_by = all(by[0]), k_by = all(by[1]), v_by = all(by[2]);
    memset(r->queries + n / HEAD * HEAD * HEAD, 0, HEAD * HEAD * sizeof(int16_t));
    memset(r->keys + n * HEAD, 0, HEAD * sizeof(int16_t));
    for (size_t i = 0; i < n; i++) { /* keys: rows. Queries: blocks of 32, and of these 16 pairs of components */
        int16_t row[HEAD];
        int16_t *query = r->queries + i / HEAD * HEAD * HEAD + i % HEAD * 2;
        for (int j = 0; j < HEAD; j += LANES) {
            store_shorts(r->keys + i * HEAD + j, rounded(mul(load(k + i * HEAD + j), k_by)));
            store_shorts(row + j, rounded(mul(load(q + i * HEAD + j), q_by)));
        }
        for (int j = 0; j < HEAD / 2; j++)
            memcpy(query + 2 * HEAD * j, row + 2 * j, 4);
    }
    for (size_t i = 0; i < n; i += 2) /* values: pairs of tokens */
        for (int j = 0; j < HEAD; j += LANES) {
            const ints even = rounded(mul(load(v + i * HEAD + j), v_by));
            const ints odd = i + 1 < n ? rounded(mul(load(v + (i + 1) * HEAD + j), v_by)) : all_ints(0);
            store_ints((int32_t *)(void *)(r->values + i * HEAD + 2 * j), pairs(even, odd));
        }
}

/* The scores (n, 32) of n keys for 32 queries -> what each query takes of each key, pairs of keys side by side
   (n / 2, 32, 2), and the sum of that. `by` makes powers of two of scores. */
STEP void softmax(const int32_t *scores, size_t n, float by, int16_t *shares, int32_t *sums)
{
    for (int j = 0; j < HEAD; j += LANES) {
        ints most = load_ints(scores + j), sum = all_ints(0);
        for (size_t i = 1; i < n; i++)
            most = larger_ints(most, load_ints(scores + HEAD * i + j));
        for (size_t i = 0; i < n; i += 2) {
            const int32_t *s = scores + HEAD * i + j;
            const ints even = power(mul(to_floats(sub_ints(load_ints(s), most)), all(by)));
            ints odd = all_ints(0);
            if (i + 1 < n)
                odd = power(mul(to_floats(sub_ints(load_ints(s + HEAD), most)), all(by)));
            sum = add_ints(sum, add_ints(even, odd));
            store_ints((int32_t *)(void *)(shares + HEAD * i + 2 * j), pairs(even, odd));
        }
        store_ints(sums + j, sum);
    }
}

/* What the tokens of one text take from each other, in one head: q, k, v (n, 32) -> out (n, 32), `width` apart. May write
   one row more. */
STEP void attend_head(const Room *r, size_t first, size_t n, float *out, size_t width)
{
    const size_t even = (n + 1) & ~(size_t)1;
    const float q = largest(r->q + first * HEAD, 2 * n), k = largest(r->k + first * HEAD, 2 * n);
    const float v = largest(r->v + first * HEAD, 2 * n);
    const float by[3] = {steps(q, QUERY_STEPS), steps(k, QUERY_STEPS), steps(v, SHARE_STEPS)};
    const float score = (q / QUERY_STEPS) * (k / QUERY_STEPS) * SCORE, value = v / SHARE_STEPS;
    ALIGNED(int32_t sums[HEAD]);
    lay_out(r, first, n, by);
    for (size_t at = 0; at < n; at += HEAD) {
        for (size_t m, i = 0; i < even; i += m) {
            m = even - i < TILE ? even - i : TILE;
            multiply_pairs(m, r->keys + i * HEAD, HEAD, 2, HEAD / 2, r->queries + at * HEAD, r->scores + HEAD * i);
        }
        softmax(r->scores, n, score, r->shares, sums);
        const size_t some = even - at < HEAD ? even - at : HEAD;
        for (size_t m, i = 0; i < some; i += m) {
            m = some - i < TILE ? some - i : TILE;
            multiply_pairs(m, r->shares + 2 * i, 2, 2 * HEAD, even / 2, r->values, r->scores);
            for (size_t t = 0; t < m; t++) {
                const floats worth = all(value / (float)sums[i + t]);
                for (int j = 0; j < HEAD; j += LANES)
                    store(out + (at + i + t) * width + j, mul(to_floats(load_ints(r->scores + HEAD * t + j)), worth));
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------- the network */

/* The vectors of tokens and places, summed and normed. 0 where a number is none of the tokens. */
STEP int embed(const Network *net, const Texts *t, const Room *r)
{
    const size_t width = net->width;
    for (size_t text = 0; text < t->n; text++)
        for (size_t i = r->starts[text]; i < r->starts[text + 1]; i++) {
            const uint32_t id = (uint32_t)t->ids[i];
            if (id >= net->tokens)
                return 0;
            const int8_t *word = net->words + (size_t)id * width;
            const float *place = net->places + (i - r->starts[text]) * width;
            const floats scale = all(net->scales[id]);
            for (size_t j = 0; j < width; j += LANES)
                store(r->x + i * width + j, add(mul(to_floats(load_bytes(word + j)), scale), load(place + j)));
            norm_row(r->x + i * width, width, &net->norm);
        }
    return 1;
}

/* Tokens look at each other. One head after the other, so that its queries, keys and values stay in the cache. */
STEP void look_around(const Network *net, const Layer *layer, const Room *r, size_t n_texts, size_t n, size_t even)
{
    const size_t width = net->width;
    for (size_t i = 0; i < n; i++)
        r->x_most[i] = bytes_of(r->x + i * width, width, r->x_bytes + i * width);
    for (size_t head = 0; head < width; head += HEAD) {
        write_panel(&layer->attend, head, r->x_bytes, r->x_most, even, r->q, HEAD);
        write_panel(&layer->attend, head + width, r->x_bytes, r->x_most, even, r->k, HEAD);
        write_panel(&layer->attend, head + 2 * width, r->x_bytes, r->x_most, even, r->v, HEAD);
        for (size_t text = 0; text < n_texts; text++) {
            const size_t first = r->starts[text];
            attend_head(r, first, r->starts[text + 1] - first, r->mixed + first * width + head, width);
        }
    }
    for (size_t i = 0; i < n; i++)
        r->x_most[i] = bytes_of(r->mixed + i * width, width, r->x_bytes + i * width);
    for (size_t column = 0; column < width; column += HEAD)
        add_panel(&layer->out, column, r->x_bytes, r->x_most, even, r->x + column, width);
    for (size_t i = 0; i < n; i++)
        norm_row(r->x + i * width, width, &layer->first);
}

/* Each token is worked on by itself. Some at a time, so that the inner layer stays in the cache. */
STEP void think(const Network *net, const Layer *layer, const Room *r, size_t n, size_t even)
{
    const size_t width = net->width, inner = net->inner, stride = inner + HEAD;
    for (size_t i = 0; i < even; i += SOME) {
        const size_t rows = even - i < SOME ? even - i : SOME;
        float *x = r->x + i * width;
        for (size_t k = 0; k < rows; k++)
            r->x_most[k] = bytes_of(x + k * width, width, r->x_bytes + k * width);
        for (size_t column = 0; column < inner; column += HEAD)
            gelu_panel(&layer->up, column, r->x_bytes, r->x_most, rows, r->h + column, stride);
        for (size_t k = 0; k < rows; k++)
            r->h_most[k] = bytes_of(r->h + k * stride, inner, r->h_bytes + k * inner);
        for (size_t column = 0; column < width; column += HEAD)
            add_panel(&layer->down, column, r->h_bytes, r->h_most, rows, x + column, width);
    }
    for (size_t i = 0; i < n; i++)
        norm_row(r->x + i * width, width, &layer->second);
}

/* The sum of the states of a text's tokens, in their order, brought to length 1. */
STEP void pool(const float *x, size_t n, size_t width, float *out)
{
    floats v[MOST_INPUTS / LANES];
    for (size_t j = 0; j < width; j += LANES) {
        floats sum = load(x + j);
        for (size_t i = 1; i < n; i++)
            sum = add(sum, load(x + i * width + j));
        store(out + j, sum);
        v[j / LANES] = mul(sum, sum);
    }
    const float length = sqrtf(tree(v, width / LANES));
    for (size_t j = 0; j < width; j++)
        out[j] /= length > 0 ? length : 1;
}

STEP int run(const Network *net, const Texts *t, const Room *r)
{
    const size_t n = r->starts[t->n], even = (n + 1) & ~(size_t)1;
    memset(r->x + n * net->width, 0, net->width * sizeof(float)); /* the row that makes them even */
    memset(r->x_bytes + n * net->width, 0, net->width);
    r->x_most[n] = 0;
    if (!embed(net, t, r))
        return 0;
    for (size_t i = 0; i < net->n_layers; i++) {
        look_around(net, net->layers + i, r, t->n, n, even);
        think(net, net->layers + i, r, n, even);
    }
    for (size_t text = 0; text < t->n; text++) {
        const size_t first = r->starts[text];
        pool(r->x + first * net->width, r->starts[text + 1] - first, net->width, t->out + text * net->width);
    }
    return 1;
}
