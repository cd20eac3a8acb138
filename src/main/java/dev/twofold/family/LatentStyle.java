package dev.twofold.family;

import static dev.twofold.family.Family.required;

/**
 * Latents that queries, keys and values are made of. Keys of all heads share the part that positions turn.
 *
 * <p>In matrices, the part of a head that is not turned comes first, and the keys of a head before its values.
 *
 * @param queryDown makes the latent of queries; none if not given
 * @param queryNorm of that
 * @param queryUp makes queries of it
 * @param queryRank its width; where config.json says null, there is no such latent, and queries are made as anywhere else
 * @param down makes the latent of keys and values, and behind it the keys' part that is turned
 * @param norm of the latent alone
 * @param up makes the rest of keys, and values
 * @param rank width of the latent
 * @param unturned width of the part of a head that is not turned
 * @param turned width of the part that is
 * @param value width of a value, no wider than a whole head; hidden size over heads where config.json says null
 * @param epsilon of these norms, whatever that of others is
 */
public record LatentStyle(
        String queryDown,
        String queryNorm,
        String queryUp,
        Setting queryRank,
        String down,
        String norm,
        String up,
        Setting rank,
        Setting unturned,
        Setting turned,
        Setting value,
        Setting epsilon) {

    static final LatentStyle ABSENT = new LatentStyle(
            "", "", "", Setting.NONE, "", "", "", Setting.NONE, Setting.NONE, Setting.NONE, Setting.NONE, Setting.NONE);

    public LatentStyle {
        queryDown = queryDown == null ? "" : queryDown;
        queryNorm = queryNorm == null ? "" : queryNorm;
        queryUp = queryUp == null ? "" : queryUp;
        queryRank = Setting.orNone(queryRank);
        required("down", down);
        required("norm", norm);
        required("up", up);
        required("rank", rank);
        required("unturned", unturned);
        required("turned", turned);
        required("value", value);
        epsilon = Setting.orNone(epsilon);
    }

    public boolean isPresent() {
        return !down.isEmpty();
    }
}
