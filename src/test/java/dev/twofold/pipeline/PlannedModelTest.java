package dev.twofold.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.decoder.Sharding.Placement;
import dev.twofold.estimate.Workload;
import dev.twofold.estimate.Workload.Stage;
import dev.twofold.graph.lower.DialectName;
import dev.twofold.graph.lower.KvLayout;
import dev.twofold.inspection.PlannedModel;
import dev.twofold.layers.LayerWindow;
import dev.twofold.passes.rewrite.PairLayers;
import dev.twofold.passes.shard.Shard;
import dev.twofold.recipe.PassRequest;
import dev.twofold.recipe.Recipe;
import dev.twofold.testing.TinyLlama;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a device has to do, counted by hand for 4 layers of hidden size 64, 4 heads, 2 KV heads of 16, width 96. */
final class PlannedModelTest {

    private static final long LAYER = (64 + 32 + 32 + 64) * 64 + 3 * 96 * 64;
    private static final long HEAD = 128 * 64;
    private static final PassRequest<?> PAIR_ALL =
            PassRequest.own(PairLayers.SPEC, new PairLayers.Options(null, new LayerWindow(0, 4), null, null));

    @TempDir
    private Path directory;

    /** A plan for a model of which there is nothing but the config. */
    private PlannedModel planned(DialectName dialect, PassRequest<?>... recipe) throws IOException {
        Path whole = TinyLlama.create().write(directory.resolve("whole"));
        Path config = Files.createDirectories(directory.resolve("config"));
        Files.copy(whole.resolve("config.json"), config.resolve("config.json"));
        return PlannedModel.of(Sources.SHIPPED.describe(config), Recipe.of(recipe), dialect, KvLayout.PER_LAYER);
    }

    private static PassRequest<?> byLayers(int devices) {
        return PassRequest.own(Shard.SPEC, new Shard.Options(devices, Placement.LAYERS, null));
    }

    private static long sum(Workload workload, ToLongFunction<Stage> of) {
        return workload.stages().stream().mapToLong(of).sum();
    }

    @ParameterizedTest
    @EnumSource(DialectName.class)
    void counts_what_a_whole_model_reads_and_multiplies(DialectName dialect) throws IOException {
        List<Workload> devices = planned(dialect).workloads();
        assertThat(devices).hasSize(1);
        Workload whole = devices.get(0);
        long norms = 9 * 64;
        assertThat(whole.exchanges()).isZero();
        assertThat(sum(whole, Stage::weightBytes)).isEqualTo(4 * (4 * LAYER + HEAD + norms));
        assertThat(sum(whole, Stage::weightFlopsPerToken)).isEqualTo(2 * (4 * LAYER + HEAD));
        assertThat(whole.cacheBytesPerPosition()).isEqualTo(4 * 4 * 2 * 2 * 16);
        assertThat(sum(whole, Stage::attentionFlopsPerPosition)).isEqualTo(4 * 4 * 4 * 16);
        long rotary = 2 * 256 * 8;
        assertThat(whole.storedBytes()).isEqualTo(4 * (4 * LAYER + 2 * HEAD + norms + rotary));
    }

    @Test
    void a_pair_asks_for_the_same_bytes_and_products_in_half_the_stages() throws IOException {
        PlannedModel model = planned(DialectName.ORT, PAIR_ALL, byLayers(2));
        Workload paired = model.workloads().get(0);
        Workload original = model.originalWorkloads().orElseThrow().get(0);
        assertThat(model.devices()).isEqualTo(2);
        assertThat(paired.exchanges()).isEqualTo(4);
        assertThat(original.exchanges()).isEqualTo(8);
        assertThat(original.stages().get(0).then().orElseThrow().bytesPerToken())
                .isEqualTo(4 * 64);
        assertThat(sum(paired, Stage::weightFlopsPerToken)).isEqualTo(sum(original, Stage::weightFlopsPerToken));
        assertThat(sum(paired, Stage::weightFlopsPerToken)).isEqualTo(2 * (4 * LAYER / 2 + HEAD));
        assertThat(paired.cacheBytesPerPosition()).isEqualTo(original.cacheBytesPerPosition());
    }

    @Test
    void says_that_the_original_cannot_be_cut_as_far() throws IOException {
        PlannedModel model = planned(DialectName.ORT, PAIR_ALL, byLayers(8));
        assertThat(model.workloads()).hasSize(8);
        assertThat(model.originalWorkloads()).isEmpty();
    }

    @Test
    void activations_are_what_nodes_hand_on() throws IOException {
        Workload whole = planned(DialectName.ORT).workloads().get(0);
        long norm = 64 + 64;
        long skipNorm = 64 + 64 + 64 + 64;
        long attention = (64 + 128) + (128 + 64) + (64 + 64);
        long feedForward = (64 + 192) + (192 + 192) + (96 + 96) + (96 + 96 + 96) + (96 + 96 + 96) + (96 + 64);
        long ends = 64 + (64 + 128);
        long hidden = norm + 8 * skipNorm + 4 * (attention + feedForward) + ends;
        assertThat(sum(whole, Stage::activationBytesPerToken)).isEqualTo(4 * hidden);
    }
}
