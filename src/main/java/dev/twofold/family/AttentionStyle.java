package dev.twofold.family;

import static dev.twofold.family.Family.required;

import dev.twofold.diag.PlainName;

/**
 * The attention.
 *
 * @param norm of what it reads; the stream itself if not given
 * @param resultNorm of what it adds; none if not given
 * @param queryKeyValue one matrix in place of query, key and value
 * @param woven whether the rows of query and key run through both halves of a head in turn, as GGUF has them for families in
 *     which an element of each half turn together
 * @param latent in place of key and value, and perhaps of query; none if not given
 * @param bias of query, key and value, or of what makes latents
 * @param scale of scores; the head size to the power -1/2 if nothing is said
 * @param clip limit of queries, keys and values
 * @param cap soft limit of scores
 * @param norms of queries and keys
 * @param sinks a whole tensor, of a score for each head that takes part in the softmax; none if not given
 * @param alibi positions by a bias on scores; none if not given
 * @param sparse where longer texts are not seen as a whole; nowhere if not given
 * @param rotary positions; none if not given
 * @param temperature what queries are multiplied by, by position; nothing if not given
 */
public record AttentionStyle(
        String norm,
        String resultNorm,
        String query,
        String key,
        String value,
        String queryKeyValue,
        Fused fused,
        boolean woven,
        LatentStyle latent,
        String output,
        Setting bias,
        Setting outputBias,
        Setting scale,
        Setting clip,
        Setting cap,
        QueryKeyStyle norms,
        String sinks,
        AlibiStyle alibi,
        WindowStyle window,
        SparseStyle sparse,
        RotaryStyle rotary,
        TemperatureStyle temperature) {

    public AttentionStyle {
        required("output", output);
        norm = norm == null ? "" : norm;
        resultNorm = resultNorm == null ? "" : resultNorm;
        queryKeyValue = queryKeyValue == null ? "" : queryKeyValue;
        fused = fused == null ? Fused.STACKED : fused;
        query = query == null ? "" : query;
        key = key == null ? "" : key;
        value = value == null ? "" : value;
        latent = latent == null ? LatentStyle.ABSENT : latent;
        bias = Setting.orNone(bias);
        outputBias = Setting.orNone(outputBias);
        scale = Setting.orNone(scale);
        clip = Setting.orNone(clip);
        cap = Setting.orNone(cap);
        sinks = sinks == null ? "" : sinks;
        alibi = alibi == null ? AlibiStyle.ABSENT : alibi;
        norms = norms == null ? QueryKeyStyle.ABSENT : norms;
        window = window == null ? WindowStyle.ABSENT : window;
        sparse = sparse == null ? SparseStyle.ABSENT : sparse;
        rotary = rotary == null ? RotaryStyle.ABSENT : rotary;
        temperature = temperature == null ? TemperatureStyle.ABSENT : temperature;
    }

    /** How query, key and value lie in one matrix. */
    public enum Fused {
        /** All queries, then all keys, then all values. */
        STACKED,
        /** By KV head: its queries, its key, its value. */
        BY_KV_HEAD,
        /** Four times a fourth of the queries, of the values and of the keys. */
        IN_FOUR;

        @Override
        public String toString() {
            return PlainName.of(this);
        }
    }
}
