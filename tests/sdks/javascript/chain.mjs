// What a program in JavaScript does with Amazon Personalize, from an empty account to recommendations that follow
// events. Only the environment says where it goes. Standard input: {"schema", "csv", "role", "recipe", "user"} as JSON.
// Standard output: what came of it, as JSON.

import {
  CreateCampaignCommand,
  CreateDatasetCommand,
  CreateDatasetGroupCommand,
  CreateDatasetImportJobCommand,
  CreateEventTrackerCommand,
  CreateSchemaCommand,
  CreateSolutionCommand,
  CreateSolutionVersionCommand,
  DescribeCampaignCommand,
  DescribeDatasetImportJobCommand,
  DescribeSolutionVersionCommand,
  PersonalizeClient,
  paginateListRecipes,
} from "@aws-sdk/client-personalize";
import { PersonalizeEventsClient, PutEventsCommand } from "@aws-sdk/client-personalize-events";
import {
  GetPersonalizedRankingCommand,
  GetRecommendationsCommand,
  PersonalizeRuntimeClient,
} from "@aws-sdk/client-personalize-runtime";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { text } from "node:stream/consumers";

const personalize = new PersonalizeClient({});
const runtime = new PersonalizeRuntimeClient({});
const events = new PersonalizeEventsClient({});
const s3 = new S3Client({});
const given = JSON.parse(await text(process.stdin));

async function ready(describe) {
  for (;;) {
    const found = await describe();
    if (found.status === "ACTIVE") return found;
    if (found.status.endsWith("FAILED")) throw new Error(found.failureReason);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const bucket = `bucket-${process.env.AWS_ACCESS_KEY_ID}`;
await s3.send(new CreateBucketCommand({ Bucket: bucket }));
await s3.send(new PutObjectCommand({ Bucket: bucket, Key: "interactions.csv", Body: given.csv }));

const { datasetGroupArn } = await personalize.send(new CreateDatasetGroupCommand({ name: "shop" }));
const { schemaArn } = await personalize.send(new CreateSchemaCommand({ name: "interactions", schema: given.schema }));
const { datasetArn } = await personalize.send(
  new CreateDatasetCommand({ name: "interactions", datasetGroupArn, datasetType: "INTERACTIONS", schemaArn }),
);
const { datasetImportJobArn } = await personalize.send(
  new CreateDatasetImportJobCommand({
    jobName: "first",
    datasetArn,
    dataSource: { dataLocation: `s3://${bucket}/interactions.csv` },
    roleArn: given.role,
  }),
);
const imported = await ready(
  async () => (await personalize.send(new DescribeDatasetImportJobCommand({ datasetImportJobArn }))).datasetImportJob,
);
const { solutionArn } = await personalize.send(
  new CreateSolutionCommand({ name: "taste", datasetGroupArn, recipeArn: given.recipe, performAutoTraining: false }),
);
const { solutionVersionArn } = await personalize.send(new CreateSolutionVersionCommand({ solutionArn }));
await ready(
  async () => (await personalize.send(new DescribeSolutionVersionCommand({ solutionVersionArn }))).solutionVersion,
);
const { campaignArn } = await personalize.send(
  new CreateCampaignCommand({
    name: "home",
    solutionVersionArn,
    minProvisionedTPS: 1,
    campaignConfig: { itemExplorationConfig: { explorationWeight: "0" } },
  }),
);
const campaign = await ready(
  async () => (await personalize.send(new DescribeCampaignCommand({ campaignArn }))).campaign,
);

const ask = async (userId) =>
  (await runtime.send(new GetRecommendationsCommand({ campaignArn, userId, numResults: 5 }))).itemList;
const asked = await ask(given.user);
const before = await ask("stranger");
const { trackingId } = await personalize.send(new CreateEventTrackerCommand({ name: "clicks", datasetGroupArn }));
const sent = await events.send(
  new PutEventsCommand({
    trackingId,
    sessionId: "session",
    userId: "stranger",
    eventList: ["b1", "b2", "b3"].map((itemId) => ({
      eventType: "watch",
      itemId,
      sentAt: new Date(),
      properties: JSON.stringify({ device: "tv" }),
    })),
  }),
);
const after = await ask("stranger");

const recipes = [];
let pages = 0;
for await (const page of paginateListRecipes({ client: personalize }, {})) {
  pages += 1;
  recipes.push(...page.recipes.map((recipe) => recipe.name));
}

// The class that a program catches, its name, its status, whose fault it is, and its words.
async function refusal(client, command) {
  try {
    await client.send(command);
  } catch (error) {
    const { name, $fault: fault, $metadata: metadata, message } = error;
    return { class: error.constructor.name, name, status: metadata.httpStatusCode, fault, message };
  }
  throw new Error(`${command.constructor.name} was not refused`);
}

const absent = `${campaignArn}-absent`;
const refusals = {
  again: await refusal(personalize, new CreateDatasetGroupCommand({ name: "shop" })),
  absent: await refusal(personalize, new DescribeCampaignCommand({ campaignArn: absent })),
  schema: await refusal(personalize, new CreateSchemaCommand({ name: "broken", schema: "{}" })),
  constraint: await refusal(personalize, new CreateDatasetGroupCommand({ name: "no spaces" })),
  recommend: await refusal(runtime, new GetRecommendationsCommand({ campaignArn: absent, userId: "u0" })),
  ranking: await refusal(
    runtime,
    new GetPersonalizedRankingCommand({ campaignArn, userId: given.user, inputList: ["a1"] }),
  ),
  events: await refusal(
    events,
    new PutEventsCommand({
      trackingId: "00000000-0000-0000-0000-000000000000",
      sessionId: "session",
      eventList: [{ eventType: "watch", itemId: "b1", sentAt: new Date() }],
    }),
  ),
};

console.log(
  JSON.stringify({
    imported: { status: imported.status, made: imported.creationDateTime instanceof Date },
    campaign: { status: campaign.status, tps: campaign.minProvisionedTPS },
    asked,
    before: before.map((item) => item.itemId),
    sent: sent.$metadata.httpStatusCode,
    after: after.map((item) => item.itemId),
    pages,
    recipes,
    refusals,
  }),
);
