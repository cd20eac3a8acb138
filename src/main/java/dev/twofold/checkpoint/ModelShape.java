package dev.twofold.checkpoint;

import dev.twofold.family.Family;
import dev.twofold.family.LatentStyle;
import dev.twofold.family.Setting;

/**
 * The sizes that config.json gives, checked against one another.
 *
 * @param turnable elements of a head that positions may turn: all, but where latents say how many
 */
record ModelShape(
        int layers,
        int hidden,
        int heads,
        int kvHeads,
        int headSize,
        int turnable,
        int feedForward,
        int vocabulary,
        int context) {

    private static final int LARGEST_PART = 1 << 16;

    static ModelShape read(Settings settings, Family family) {
        Family.Sizes sizes = family.sizes();
        int hidden = settings.size(sizes.hidden());
        int heads = settings.size(sizes.heads());
        int kvHeads = settings.sizeIfAny(sizes.kvHeads()).orElse(heads);
        ConfigFile config = settings.config();
        if (heads % kvHeads != 0) {
            throw config.wrong(sizes.kvHeads().key(), "the query heads do not divide among the KV heads")
                    .found(heads + " query heads, " + kvHeads + " KV heads");
        }
        LatentStyle latent = family.attention().latent();
        boolean latents = latent.isPresent();
        int turnable = latents
                ? part(settings, latent.turned())
                : settings.sizeIfAny(sizes.headSize()).orElseGet(() -> derived(config, sizes, hidden, heads));
        int headSize = latents ? turnable + part(settings, latent.unturned()) : turnable;
        return new ModelShape(
                settings.size(sizes.layers()),
                hidden,
                heads,
                kvHeads,
                headSize,
                turnable,
                feedForward(settings, sizes.feedForward(), hidden),
                settings.size(sizes.vocabulary()),
                context(settings, sizes.context()));
    }

    private static int part(Settings settings, Setting setting) {
        int size = settings.size(setting);
        if (size > LARGEST_PART) {
            throw settings.config()
                    .wrong(Settings.name(setting, "part of a head"), "a head of too many elements")
                    .found(size)
                    .expected("at most " + LARGEST_PART);
        }
        return size;
    }

    /** Old files have another name for it, which no class of transformers reads. */
    private static int context(Settings settings, Setting setting) {
        return settings.sizeIfAny(setting)
                .or(() -> settings.config().positiveIfPresent("max_sequence_length"))
                .orElseGet(() -> settings.size(setting));
    }

    private static int derived(ConfigFile config, Family.Sizes sizes, int hidden, int heads) {
        if (hidden % heads != 0) {
            throw config.wrong(sizes.heads().key(), "the hidden size does not divide among the heads")
                    .found(sizes.hidden().key() + " " + hidden + ", " + heads + " heads")
                    .hint("copy the checkpoint, and add head_dim to the copy's config");
        }
        return hidden / heads;
    }

    /** A key that may be null, as GPT-2's, leaves it at the usual four times the hidden size; any other has to be there. */
    private static int feedForward(Settings settings, Setting setting, int hidden) {
        return setting.otherwise().isNull() ? settings.sizeIfAny(setting).orElse(4 * hidden) : settings.size(setting);
    }

    long queryRows() {
        return (long) heads * headSize;
    }

    long keyRows() {
        return (long) kvHeads * headSize;
    }
}
