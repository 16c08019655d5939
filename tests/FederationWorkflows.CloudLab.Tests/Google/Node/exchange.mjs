// Gets an access token with Google's library by the credential file that GOOGLE_APPLICATION_CREDENTIALS names, and calls an API with it.
import { GoogleAuth } from 'google-auth-library';

try {
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  const client = await auth.getClient();
  const answer = await client.request({ url: process.argv[2] });
  console.log(JSON.stringify({ client: client.constructor.name, status: answer.status, body: answer.data }));
} catch (error) {
  console.log(JSON.stringify({ error: error.message, body: error.response?.data ?? null }));
}
