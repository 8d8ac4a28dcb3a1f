/* 16 floats, 16 whole numbers, and products of bytes, for 64-bit ARM with the dot product of ARMv8.2: 16 products at
   once. _minilm_plain.h says what each of these does. */

typedef struct {
    float32x4_t v[4];
} floats;

typedef struct {
    int32x4_t v[4];
} ints;

enum { TILE = 4 }; /* rows that are multiplied at once: 16 of the 32 registers hold sums */

#define EACH for (int i = 0; i < 4; i++)

INLINE floats load(const float *p) { floats r; EACH r.v[i] = vld1q_f32(p + 4 * i); return r; }
INLINE void store(float *p, floats x) { EACH vst1q_f32(p + 4 * i, x.v[i]); }
INLINE floats all(float x) { floats r; EACH r.v[i] = vdupq_n_f32(x); return r; }
INLINE floats add(floats a, floats b) { EACH a.v[i] = vaddq_f32(a.v[i], b.v[i]); return a; }
INLINE floats sub(floats a, floats b) { EACH a.v[i] = vsubq_f32(a.v[i], b.v[i]); return a; }
INLINE floats mul(floats a, floats b) { EACH a.v[i] = vmulq_f32(a.v[i], b.v[i]); return a; }
INLINE floats larger(floats a, floats b) { EACH a.v[i] = vmaxq_f32(a.v[i], b.v[i]); return a; }
INLINE floats smaller(floats a, floats b) { EACH a.v[i] = vminq_f32(a.v[i], b.v[i]); return a; }
INLINE floats magnitude(floats a) { EACH a.v[i] = vabsq_f32(a.v[i]); return a; }
INLINE ints load_ints(const int32_t *p) { ints r; EACH r.v[i] = vld1q_s32(p + 4 * i); return r; }
INLINE void store_ints(int32_t *p, ints x) { EACH vst1q_s32(p + 4 * i, x.v[i]); }
INLINE ints all_ints(int32_t x) { ints r; EACH r.v[i] = vdupq_n_s32(x); return r; }
INLINE ints add_ints(ints a, ints b) { EACH a.v[i] = vaddq_s32(a.v[i], b.v[i]); return a; }
INLINE ints sub_ints(ints a, ints b) { EACH a.v[i] = vsubq_s32(a.v[i], b.v[i]); return a; }
INLINE ints larger_ints(ints a, ints b) { EACH a.v[i] = vmaxq_s32(a.v[i], b.v[i]); return a; }
INLINE ints shifted(ints a, const int by) { EACH a.v[i] = vshlq_s32(a.v[i], vdupq_n_s32(by)); return a; }
INLINE floats to_floats(ints a) { floats r; EACH r.v[i] = vcvtq_f32_s32(a.v[i]); return r; }
INLINE ints as_ints(floats a) { ints r; EACH r.v[i] = vreinterpretq_s32_f32(a.v[i]); return r; }
INLINE floats as_floats(ints a) { floats r; EACH r.v[i] = vreinterpretq_f32_s32(a.v[i]); return r; }
INLINE ints rounded(floats a) { ints r; EACH r.v[i] = vcvtnq_s32_f32(a.v[i]); return r; }
INLINE ints load_bytes(const int8_t *p)
{
    const int8x16_t b = vld1q_s8(p);
    const int16x8_t low = vmovl_s8(vget_low_s8(b)), high = vmovl_s8(vget_high_s8(b));
    ints r;
    r.v[0] = vmovl_s16(vget_low_s16(low)), r.v[1] = vmovl_s16(vget_high_s16(low));
    r.v[2] = vmovl_s16(vget_low_s16(high)), r.v[3] = vmovl_s16(vget_high_s16(high));
    return r;
}
INLINE void store_shorts(int16_t *p, ints x)
{
    vst1q_s16(p, vcombine_s16(vmovn_s32(x.v[0]), vmovn_s32(x.v[1])));
    vst1q_s16(p + 8, vcombine_s16(vmovn_s32(x.v[2]), vmovn_s32(x.v[3])));
}
INLINE void store_bytes(uint8_t *p, ints x) /* as int8_t, 0 for 0 */
{
    const int16x8_t low = vcombine_s16(vmovn_s32(x.v[0]), vmovn_s32(x.v[1]));
    const int16x8_t high = vcombine_s16(vmovn_s32(x.v[2]), vmovn_s32(x.v[3]));
    vst1q_s8((int8_t *)p, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
}
INLINE ints pairs(ints even, ints odd) { EACH even.v[i] = vsliq_n_s32(even.v[i], odd.v[i], 16); return even; }

INLINE float sum_of(floats a)
{
    const float32x4_t q = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
    const float32x2_t p = vadd_f32(vget_low_f32(q), vget_high_f32(q));
    return vget_lane_f32(p, 0) + vget_lane_f32(p, 1);
}

INLINE float largest_of(floats a)
{
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(a.v[0], a.v[1]), vmaxq_f32(a.v[2], a.v[3])));
}

/* 2 or 4 rows times 16 columns. Rows come 16 bytes at a time, each four of which are multiplied with 16 columns. */
#define BYTES_OF(r, LANE)                                                                                               \
    x##r = vdotq_laneq_s32(x##r, w0, a##r, LANE), y##r = vdotq_laneq_s32(y##r, w1, a##r, LANE);                         \
    z##r = vdotq_laneq_s32(z##r, w2, a##r, LANE), u##r = vdotq_laneq_s32(u##r, w3, a##r, LANE);
#define BYTES_0(r) BYTES_OF(r, 0)
#define BYTES_1(r) BYTES_OF(r, 1)
#define BYTES_2(r) BYTES_OF(r, 2)
#define BYTES_3(r) BYTES_OF(r, 3)
#define BEGIN(r) int32x4_t x##r = vdupq_n_s32(0), y##r = x##r, z##r = x##r, u##r = x##r;
#define ROW(r) const int8x16_t a##r = vld1q_s8(a + r * inputs);
#define END(r)                                                                                                          \
    vst1q_s32(sums + HEAD * r, x##r), vst1q_s32(sums + HEAD * r + 4, y##r);                                             \
    vst1q_s32(sums + HEAD * r + 8, z##r), vst1q_s32(sums + HEAD * r + 12, u##r);
#define FOUR(M, LANE)                                                                                                   \
    {                                                                                                                   \
        const int8x16_t w0 = vld1q_s8(w), w1 = vld1q_s8(w + 16), w2 = vld1q_s8(w + 32), w3 = vld1q_s8(w + 48);          \
        ROWS_##M(BYTES_##LANE) w += 4 * HEAD;                                                                           \
    }
#define TILES(M)                                                                                                        \
    STEP void rows_of_##M(const int8_t *a, size_t inputs, const int8_t *w, int32_t *sums)                               \
    {                                                                                                                   \
        const int8_t *end = a + inputs;                                                                                 \
        ROWS_##M(BEGIN) for (; a < end; a += 16)                                                                        \
        {                                                                                                               \
            ROWS_##M(ROW) FOUR(M, 0) FOUR(M, 1) FOUR(M, 2) FOUR(M, 3)                                                   \
        }                                                                                                               \
        ROWS_##M(END)                                                                                                   \
    }
TILES(2)
TILES(4)

STEP void multiply_bytes(size_t m, const uint8_t *rows, size_t inputs, const int8_t *w, const int32_t *start, int32_t *sums)
{
    (void)start; /* here 0 is the byte of 0 */
    for (int j = 0; j < HEAD; j += 16)
        if (m == 4)
            rows_of_4((const int8_t *)rows, inputs, w + 4 * j, sums + j);
        else
            rows_of_2((const int8_t *)rows, inputs, w + 4 * j, sums + j);
}

/* A row at a time, 32 columns: the two components of pairs come apart as they are loaded. */
STEP void multiply_pairs(size_t m, const int16_t *rows, size_t row, size_t step, size_t n, const int16_t *columns,
                         int32_t *sums)
{
    for (size_t r = 0; r < m; r++, sums += HEAD) {
        const int16_t *a = rows + r * row, *b = columns;
        int32x4_t s[8];
        for (int j = 0; j < 8; j++)
            s[j] = vdupq_n_s32(0);
        for (size_t k = 0; k < n; k++, a += step, b += 2 * HEAD)
            for (int j = 0; j < 4; j++) {
                const int16x8x2_t c = vld2q_s16(b + 16 * j);
                s[2 * j] = vmlal_n_s16(s[2 * j], vget_low_s16(c.val[0]), a[0]);
                s[2 * j] = vmlal_n_s16(s[2 * j], vget_low_s16(c.val[1]), a[1]);
                s[2 * j + 1] = vmlal_n_s16(s[2 * j + 1], vget_high_s16(c.val[0]), a[0]);
                s[2 * j + 1] = vmlal_n_s16(s[2 * j + 1], vget_high_s16(c.val[1]), a[1]);
            }
        for (int j = 0; j < 8; j++)
            vst1q_s32(sums + 4 * j, s[j]);
    }
}

#undef EACH
#undef BYTES_OF
#undef BYTES_0
#undef BYTES_1
#undef BYTES_2
#undef BYTES_3
#undef BEGIN
#undef ROW
#undef END
#undef FOUR
#undef TILES
